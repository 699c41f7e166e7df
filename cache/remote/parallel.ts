/** Much work, some of it at a time. The first failure is thrown when all that had begun has ended; nothing begins after it. */
export async function inParallel<T>(all: readonly T[], most: number, work: (one: T) => Promise<void>): Promise<void> {
  const left = all.values();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (const one of left) {
      if (failures.length > 0) return;
      await work(one).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, all.length) }, worker));
  if (failures.length > 0) throw failures[0];
}
