/** One look at the machine, and what it found. */

export interface Checkup {
  readonly name: string;
  /** The name of an earlier one that must not have gone wrong. */
  readonly needs?: string;
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

/** Looks; nothing that goes wrong on the way ends the examination. `before`: what earlier ones found. */
export async function examine({ name, needs, look, remedy }: Checkup, before: readonly Examined[]): Promise<Examined> {
  if (before.some((one) => one.name === needs && one.state === 'bad'))
    return { name, ...note('not looked at', `fix first: ${needs}`) };
  try {
    return { name, ...(await look()) };
  } catch (error) {
    return { name, ...bad(error instanceof Error ? error.message.split('\n')[0]! : String(error), remedy) };
  }
}
