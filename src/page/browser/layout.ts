/** Where the map shows each action: as far to the right as what is made of it allows. */

/** A place on the map, in pixels. */
export interface Cell {
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly cells: readonly Cell[];
  readonly width: number;
  readonly height: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  /** Whether a cell has room for the name of its action. */
  readonly named: boolean;
}

const NAMED = { least: 132, most: 190, height: 38, gapX: 34, gapY: 9 };
/** What does not fit into this many times the height of the place is shown by cells without names. */
const MOST_SCREENS_HIGH = 2;
const MOST_NAMED = 400;
const LARGEST_CELL = 16;
const SMALLEST_CELL = 3;
const MARGIN = 8;

/** `inputs`: by place, the places of what it is made of. */
export function layoutOf(inputs: readonly (readonly number[])[], width: number, height: number): Layout {
  const columns = orderedColumns(inputs);
  const tallest = Math.max(0, ...columns.map(({ length }) => length));
  const high = tallest * (NAMED.height + NAMED.gapY);
  if (inputs.length <= MOST_NAMED && high <= height * MOST_SCREENS_HIGH) return named(columns, inputs.length, width);
  return cells(columns, inputs.length, width, height);
}

/** The column of each action, from 0; what it is made of stands in columns before. */
export function columnsOf(inputs: readonly (readonly number[])[]): number[] {
  const distances = distancesToEnd(inputs);
  const last = distances.reduce((most, one) => Math.max(most, one), 0);
  return distances.map((distance) => last - distance);
}

/** How many steps lie between each action and the end: from there back, each when all that reads it is done. */
function distancesToEnd(inputs: readonly (readonly number[])[]): number[] {
  const left = inputs.map(() => 0);
  for (const of of inputs) for (const input of of) left[input]!++;
  const distances = inputs.map(() => 0);
  const open = [...left.keys()].filter((place) => left[place] === 0);
  for (let one = open.pop(); one !== undefined; one = open.pop())
    for (const input of inputs[one]!) {
      distances[input] = Math.max(distances[input]!, distances[one]! + 1);
      if (--left[input]! === 0) open.push(input);
    }
  return distances;
}

/** Each column in the order of the middle of what its actions are made of: lines cross less. */
function orderedColumns(inputs: readonly (readonly number[])[]): number[][] {
  const columns: number[][] = [];
  for (const [place, column] of columnsOf(inputs).entries()) (columns[column] ??= []).push(place);
  const [row, middle] = [new Float64Array(inputs.length), new Float64Array(inputs.length)];
  for (const column of columns) {
    for (const place of column) middle[place] = mean(inputs[place]!, row);
    column.sort((a, b) => middle[a]! - middle[b]! || a - b);
    for (const [index, place] of column.entries()) row[place] = column.length === 1 ? 0.5 : index / (column.length - 1);
  }
  return columns;
}

function mean(places: readonly number[], of: Float64Array): number {
  let sum = 0;
  for (const place of places) sum += of[place]!;
  return places.length === 0 ? 0 : sum / places.length;
}

function named(columns: readonly (readonly number[])[], count: number, room: number): Layout {
  const { least, most, height: cellHeight, gapX, gapY } = NAMED;
  const fitting = Math.floor((room - 2 * MARGIN + gapX) / Math.max(1, columns.length)) - gapX;
  const cellWidth = Math.min(most, Math.max(least, fitting));
  const tallest = Math.max(0, ...columns.map(({ length }) => length));
  const height = tallest * (cellHeight + gapY) - gapY + 2 * MARGIN;
  const cells = Array.from({ length: count }, () => ({ x: 0, y: 0 }));
  for (const [column, places] of columns.entries()) {
    const top = (height - places.length * (cellHeight + gapY) + gapY) / 2;
    for (const [index, place] of places.entries())
      cells[place] = { x: MARGIN + column * (cellWidth + gapX), y: top + index * (cellHeight + gapY) };
  }
  const width = columns.length * (cellWidth + gapX) - gapX + 2 * MARGIN;
  return { cells, width, height, cellWidth, cellHeight, named: true };
}

/** Cells without names, as large as they can be; a column that is too high goes on beside itself. */
function cells(columns: readonly (readonly number[])[], count: number, width: number, height: number): Layout {
  const wideAt = (size: number): number => {
    const rows = rowsAt(size, height);
    const gap = gapAt(size);
    return columns.reduce((sum, { length }) => sum + Math.ceil(length / rows) * size + gap, 2 * MARGIN - gap);
  };
  let size = LARGEST_CELL;
  while (size > SMALLEST_CELL && wideAt(size) > width) size--;
  const rows = rowsAt(size, height);
  const found = Array.from({ length: count }, () => ({ x: 0, y: 0 }));
  let left = MARGIN;
  for (const column of columns) {
    for (const [index, place] of column.entries())
      found[place] = { x: left + Math.floor(index / rows) * size, y: MARGIN + (index % rows) * size };
    left += Math.ceil(column.length / rows) * size + gapAt(size);
  }
  const inner = size - (size > 5 ? 2 : 1);
  return { cells: found, width: wideAt(size), height, cellWidth: inner, cellHeight: inner, named: false };
}

function rowsAt(size: number, height: number): number {
  return Math.max(1, Math.floor((height - 2 * MARGIN) / size));
}

function gapAt(size: number): number {
  return Math.max(2, Math.round(size / 2));
}
