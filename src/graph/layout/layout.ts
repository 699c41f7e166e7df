/** A layered drawing from left to right: where boxes lie, and through which points lines go. Pure arithmetic. */
import { layersOf, type Edge } from './layers.ts';
import { orderRows } from './rows.ts';
import { spread } from './spread.ts';

export interface Box {
  readonly name: string;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A box at its centre. */
export type PlacedBox = Box & Point;

export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly boxes: ReadonlyMap<string, PlacedBox>;
  /** For each edge, in the order given: from the right side of one box to the left side of another. */
  readonly lines: readonly (readonly Point[])[];
}

const COLUMN_GAP = 48;
const ROW_GAP = 18;
const LINE_GAP = 12;
/** Lines that pass a column want to be straight more than boxes want to be near their neighbours. */
const LINE_WEIGHT = 16;
const PASSES = 40;

/** Lays out a graph without cycles. */
export function layOut(boxes: readonly Box[], edges: readonly Edge[]): Drawing {
  const layers = layersOf(
    boxes.map(({ name }) => name),
    edges,
  );
  const chains = edges.map((edge, index) => chainOf(edge, index, layers));
  const links = chains.flatMap((chain) => chain.slice(1).map((to, index) => ({ from: chain[index]!, to })));
  const sizes = new Map<string, Box>(boxes.map((box) => [box.name, box]));
  const columns = orderRows(columnsOf(layers, chains), links);
  const rows = placeRows(columns, links, sizes);
  const centres = columnCentres(columns, sizes);
  const placed = new Map(
    boxes.map((box) => [box.name, { ...box, x: centres[layers.get(box.name)!]!.x, y: rows.get(box.name)! }]),
  );
  const lines = chains.map((chain) => lineOf(chain, centres, rows, placed));
  const last = centres.at(-1);
  const bottom = Math.max(0, ...[...placed.values()].map(({ y, height }) => y + height / 2), ...rows.values());
  return { width: last ? last.x + last.width / 2 : 0, height: bottom, boxes: placed, lines };
}

/** The nodes that an edge goes through: its ends, and one point in each column between. */
function chainOf({ from, to }: Edge, index: number, layers: ReadonlyMap<string, number>): string[] {
  const between = Math.max(0, layers.get(to)! - layers.get(from)! - 1);
  return [from, ...Array.from({ length: between }, (_none, step) => `${index}\0${layers.get(from)! + 1 + step}`), to];
}

function columnsOf(layers: ReadonlyMap<string, number>, chains: readonly (readonly string[])[]): string[][] {
  const columns: string[][] = Array.from({ length: Math.max(-1, ...layers.values()) + 1 }, () => []);
  for (const [name, layer] of layers) columns[layer]!.push(name);
  for (const chain of chains)
    for (const point of chain.slice(1, -1)) columns[Number(point.split('\0')[1])]!.push(point);
  return columns;
}

/** The y of everything: stacked at first, then drawn to its neighbours, the left ones and the right ones in turn. */
function placeRows(
  columns: readonly (readonly string[])[],
  links: readonly Edge[],
  sizes: ReadonlyMap<string, Box>,
): Map<string, number> {
  const height = (name: string): number => sizes.get(name)?.height ?? 0;
  const gap = (a: string, b: string): number =>
    (height(a) + height(b)) / 2 + (sizes.has(a) && sizes.has(b) ? ROW_GAP : LINE_GAP);
  const gaps = columns.map((column) => column.slice(1).map((name, index) => gap(column[index]!, name)));
  const weights = columns.map((column) => column.map((name) => (sizes.has(name) ? 1 : LINE_WEIGHT)));
  const rows = new Map<string, number>();
  for (const [index, column] of columns.entries())
    spread(
      column.map(() => 0),
      weights[index]!,
      gaps[index]!,
    ).forEach((y, row) => rows.set(column[row]!, y));
  const neighbours = neighboursOf(links);
  for (let pass = 0; pass < PASSES; pass++) {
    const order = pass % 2 === 0 ? columns.keys() : [...columns.keys()].toReversed();
    for (const index of order) {
      const column = columns[index]!;
      const wishes = column.map((name) => wishOf(name, neighbours.get(name) ?? [], rows, sizes));
      spread(wishes, weights[index]!, gaps[index]!).forEach((y, row) => rows.set(column[row]!, y));
    }
  }
  const top = Math.min(...[...rows].map(([name, y]) => y - height(name) / 2));
  return new Map([...rows].map(([name, y]) => [name, y - top]));
}

/** The mean of the neighbours; points of one line hold on to each other, so that it is straight where it is long. */
function wishOf(
  name: string,
  neighbours: readonly string[],
  rows: ReadonlyMap<string, number>,
  sizes: ReadonlyMap<string, Box>,
): number {
  const alike = (one: string): number => (sizes.has(name) || sizes.has(one) ? 1 : LINE_WEIGHT);
  const weight = neighbours.reduce((sum, one) => sum + alike(one), 0);
  if (weight === 0) return rows.get(name)!;
  return neighbours.reduce((sum, one) => sum + alike(one) * rows.get(one)!, 0) / weight;
}

function neighboursOf(links: readonly Edge[]): Map<string, string[]> {
  const neighbours = new Map<string, string[]>();
  const add = (a: string, b: string): void => void neighbours.set(a, [...(neighbours.get(a) ?? []), b]);
  for (const { from, to } of links) {
    add(from, to);
    add(to, from);
  }
  return neighbours;
}

interface Column {
  readonly x: number;
  readonly width: number;
}

function columnCentres(columns: readonly (readonly string[])[], sizes: ReadonlyMap<string, Box>): Column[] {
  let left = 0;
  return columns.map((column) => {
    const width = Math.max(0, ...column.map((name) => sizes.get(name)?.width ?? 0));
    const centre = { x: left + width / 2, width };
    left += width + COLUMN_GAP;
    return centre;
  });
}

function lineOf(
  chain: readonly string[],
  centres: readonly Column[],
  rows: ReadonlyMap<string, number>,
  placed: ReadonlyMap<string, PlacedBox>,
): Point[] {
  return chain.flatMap((name, index) => {
    const y = rows.get(name)!;
    const box = placed.get(name);
    if (box) return [{ x: box.x + (index === 0 ? box.width / 2 : -box.width / 2), y }];
    const { x, width } = centres[Number(name.split('\0')[1])]!;
    return [
      { x: x - width / 2, y },
      { x: x + width / 2, y },
    ];
  });
}
