/** Graphs to measure: each action makes the checksum of a source of its own and of what the actions below it made. */

export const SHAPES = ['wide', 'layered', 'chain'] as const;
export type Shape = (typeof SHAPES)[number];

export interface Graph {
  /** By action, the actions that it reads, which come before it. */
  readonly below: readonly (readonly number[])[];
  /** The action whose source is changed, and how many actions that makes stale. */
  readonly leaf: number;
  readonly cone: number;
}

/** Actions of a layer; each reads two of the layer below. */
const WIDTH = 100;
/** How many layers or links above the changed leaf. */
const HEIGHT = 4;

/** `wide`: no action reads another; `layered`: layers of 100; `chain`: each reads the one before. */
export function graphOf(shape: Shape, count: number): Graph {
  const below = Array.from({ length: count }, (_, action) => inputsOf(shape, action));
  const leaf = shape === 'wide' ? 0 : shape === 'chain' ? count - HEIGHT - 1 : count - HEIGHT * WIDTH - WIDTH / 2;
  return { below, leaf, cone: coneOf(below, leaf) };
}

function inputsOf(shape: Shape, action: number): number[] {
  if (shape === 'chain') return action === 0 ? [] : [action - 1];
  if (shape === 'wide' || action < WIDTH) return [];
  const layer = action - (action % WIDTH) - WIDTH;
  return [layer + (action % WIDTH), layer + ((action + 1) % WIDTH)];
}

function coneOf(below: Graph['below'], leaf: number): number {
  const stale = new Set([leaf]);
  for (const [action, inputs] of below.entries()) if (inputs.some((input) => stale.has(input))) stale.add(action);
  return stale.size;
}
