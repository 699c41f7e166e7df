/** Draws a target graph as an SVG that needs no other file: light and dark, readable without colours. */
import { layOut, type Box, type Point } from '../graph/layout/layout.ts';
import type { Edge } from '../graph/layout/layers.ts';
import { reach } from '../graph/reach.ts';
import type { GraphEdge, GraphNode, TargetGraph } from '../graph/target-graph.ts';

const MARGIN = 24;
const HEIGHT = 42;
const PARAMETER_HEIGHT = 28;
const PADDING = 14;
/** Mean widths of a character, in pixels, of the two sizes of text. */
const NAME_WIDTH = 7.7;
const KIND_WIDTH = 6;
/** Hues that are told apart with impaired colour vision, too; kinds take them in turn. */
const HUES = [212, 28, 158, 280, 340, 100, 190, 240];

const STYLE = `
  svg { background: #fff; font-family: system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
  .name { font-size: 13px; font-weight: 600; fill: #1f2933; }
  .kind { font-size: 10.5px; fill: #52606d; }
  .line { fill: none; stroke: #9aa5b1; stroke-width: 1.4; }
  .head { fill: #9aa5b1; }
  .box { stroke-width: 1.4; }
  .gates, .validation .box { stroke-dasharray: 5 4; }
  .parameter .box { fill: #fff8e1; stroke: #c99a2e; }
  .parameter .name { font-weight: 500; font-size: 12px; fill: #7a5b0c; }
  @media (prefers-color-scheme: dark) { svg { background: #16191d; } .line { stroke: #6b7785; } .head { fill: #6b7785; } }
`;

/** The drawing as the text of an SVG file. */
export function graphToSvg(graph: TargetGraph): string {
  const edges = graph.edges.map((edge) => directed(edge, graph));
  const drawing = layOut(graph.nodes.map(boxOf), edges);
  const colours = coloursOf(graph.nodes);
  const width = Math.ceil(drawing.width + 2 * MARGIN);
  const height = Math.ceil(drawing.height + 2 * MARGIN);
  const lines = graph.edges.map((edge, index) => {
    const points = drawing.lines[index]!;
    return drawLine(edge, edges[index]!.from === edge.from ? points : points.toReversed());
  });
  const boxes = graph.nodes.map((node) => drawNode(node, drawing.boxes.get(node.name)!, colours));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${-MARGIN} ${-MARGIN} ${width} ${height}" width="${width}" height="${height}">`,
    `<style>${STYLE}</style>`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0.5 8 4 0 7.5z"/></marker></defs>',
    ...lines,
    ...boxes,
    '</svg>',
    '',
  ].join('\n');
}

/** What gates a target that it reads itself would close a circle: it is laid out after it. */
function directed({ from, to, role }: GraphEdge, { nodes, edges }: TargetGraph): Edge {
  if (role === 'input') return { from, to };
  const inputs = new Map(nodes.map(({ name }) => [name, new Set<string>()]));
  for (const edge of edges) if (edge.role === 'input') inputs.get(edge.from)?.add(edge.to);
  return reach(inputs, [to]).has(from) ? { from: to, to: from } : { from, to };
}

function boxOf({ name, kind, role }: GraphNode): Box {
  const lines =
    role === 'parameter' ? [name.length * NAME_WIDTH] : [name.length * NAME_WIDTH, kind.length * KIND_WIDTH];
  return {
    name,
    width: Math.ceil(Math.max(...lines) + 2 * PADDING),
    height: role === 'parameter' ? PARAMETER_HEIGHT : HEIGHT,
  };
}

function coloursOf(nodes: readonly GraphNode[]): Map<string, number> {
  const kinds = [...new Set(nodes.filter(({ role }) => role !== 'parameter').map(({ kind }) => kind))];
  return new Map(kinds.map((kind, index) => [kind, HUES[index % HUES.length]!]));
}

function drawNode(
  { name, kind, role }: GraphNode,
  { x, y, width, height }: Box & Point,
  colours: ReadonlyMap<string, number>,
): string {
  const hue = colours.get(kind);
  const paint = hue === undefined ? '' : ` fill="hsl(${hue} 70% 95%)" stroke="hsl(${hue} 45% 48%)"`;
  const corner = role === 'parameter' ? height / 2 : 8;
  const rectangle = `<rect class="box" x="${round(x - width / 2)}" y="${round(y - height / 2)}" width="${width}" height="${height}" rx="${corner}"${paint}/>`;
  const text = (className: string, content: string, at: number): string =>
    `<text class="${className}" x="${round(x)}" y="${round(at)}" text-anchor="middle">${escape(content)}</text>`;
  const texts =
    role === 'parameter' ? text('name', name, y + 4) : text('name', name, y - 2) + text('kind', kind, y + 13);
  return `<g class="${role}"><title>${escape(`${name} (${kind})`)}</title>${rectangle}${texts}</g>`;
}

/** A curve that is level at every point. */
function drawLine({ role }: GraphEdge, points: readonly Point[]): string {
  const [start, ...rest] = points;
  let from = start!;
  const parts = rest.map((to) => {
    const middle = (from.x + to.x) / 2;
    const part =
      from.y === to.y
        ? `H${round(to.x)}`
        : `C${round(middle)} ${round(from.y)} ${round(middle)} ${round(to.y)} ${round(to.x)} ${round(to.y)}`;
    from = to;
    return part;
  });
  return `<path class="line${role === 'gates' ? ' gates' : ''}" marker-end="url(#arrow)" d="M${round(start!.x)} ${round(start!.y)}${parts.join('')}"/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
