/** Puts things on a line as near as possible to where they want to be, in their order and without overlap. */

interface Block {
  /** Sum of the wishes, and of their weights. */
  sum: number;
  weight: number;
  count: number;
}

/** Centres with at least `gaps[i]` between things i and i + 1, of least squared distance to the wishes (isotonic regression). */
export function spread(wishes: readonly number[], weights: readonly number[], gaps: readonly number[]): number[] {
  const offsets = [0];
  for (const gap of gaps.slice(0, Math.max(0, wishes.length - 1))) offsets.push(offsets.at(-1)! + gap);
  const blocks: Block[] = [];
  for (const [index, wish] of wishes.entries()) {
    const weight = weights[index]!;
    let block: Block = { sum: (wish - offsets[index]!) * weight, weight, count: 1 };
    // What wants to be before the block in front of it becomes one with it.
    for (let front = blocks.at(-1); front && centre(front) > centre(block); front = blocks.at(-1)) {
      block = { sum: front.sum + block.sum, weight: front.weight + block.weight, count: front.count + block.count };
      blocks.pop();
    }
    blocks.push(block);
  }
  return blocks
    .flatMap((block) => Array.from({ length: block.count }, () => centre(block)))
    .map((at, index) => at + offsets[index]!);
}

function centre({ sum, weight }: Block): number {
  return sum / weight;
}
