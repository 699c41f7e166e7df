/** One look at the machine, and what it found. */

export interface Checkup {
  readonly name: string;
  /** Throws what is wrong, at worst. */
  readonly look: () => Promise<Finding> | Finding;
  /** What to do when `look` throws. */
  readonly remedy: string;
}

export interface Finding {
  /** `note`: works, but a person may want to know. */
  readonly state: 'ok' | 'note' | 'bad';
  readonly text: string;
  readonly remedy?: string;
}

export interface Examined extends Finding {
  readonly name: string;
}

export const ok = (text: string): Finding => ({ state: 'ok', text });
export const note = (text: string, remedy: string): Finding => ({ state: 'note', text, remedy });
export const bad = (text: string, remedy: string): Finding => ({ state: 'bad', text, remedy });

/** Looks; nothing that goes wrong on the way ends the examination. */
export async function examine({ name, look, remedy }: Checkup): Promise<Examined> {
  try {
    return { name, ...(await look()) };
  } catch (error) {
    return { name, ...bad(error instanceof Error ? error.message.split('\n')[0]! : String(error), remedy) };
  }
}
