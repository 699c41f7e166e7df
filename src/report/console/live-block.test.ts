/** The block at the end of a terminal, drawn on one that has no window. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Screen } from '../../../test/rig/screen.ts';
import { LiveBlock } from './live-block.ts';

/** A terminal that remembers what was written, and shows it on request. */
class Recorded {
  columns: number;
  readonly screen: Screen;
  readonly writes: string[] = [];
  readonly write = ((text: string) => this.writes.push(text) > 0) as NodeJS.WriteStream['write'];
  #shown = 0;

  constructor(columns: number, rows = 12) {
    this.columns = columns;
    this.screen = new Screen(columns, rows);
  }

  async text(): Promise<string> {
    for (; this.#shown < this.writes.length; this.#shown++) await this.screen.write(this.writes[this.#shown]!);
    await this.screen.flush();
    return this.screen.text();
  }

  resize(columns: number): void {
    this.columns = columns;
    this.screen.resize(columns, 12);
  }
}

const line = fc.stringMatching(/^[a-z格😀]{0,30}$/u);
const steps = fc.array(fc.record({ above: fc.array(line, { maxLength: 2 }), block: fc.array(line, { maxLength: 4 }) }));

describe('a live block', () => {
  it('shows its last lines below all that stay, and nothing of earlier ones', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const terminal = new Recorded(64, 8);
        const block = new LiveBlock(terminal);
        for (const step of all) {
          step.above.forEach((text) => block.print(text));
          block.draw(step.block);
        }
        const expected = [...all.flatMap(({ above }) => above), ...(all.at(-1)?.block ?? [])].join('\n');
        expect(await terminal.text()).toBe(expected.trimEnd());
      }),
    );
  });

  it('writes once for each change, and not at all without one', () => {
    const terminal = new Recorded(40);
    const block = new LiveBlock(terminal);
    block.draw(['a']);
    block.draw(['a']);
    block.print('stays');
    block.draw(['b']);
    block.draw(['b']);
    block.draw([]);
    block.draw([]);
    expect(terminal.writes).toHaveLength(3);
    for (const text of terminal.writes) expect(text).toMatch(/^\x1b\[\?2026h[^]*\x1b\[\?2026l$/);
  });

  it('takes away the rows that a narrower terminal has made of its lines', async () => {
    const terminal = new Recorded(60);
    const block = new LiveBlock(terminal);
    block.print('stays');
    block.draw(['x'.repeat(50), 'y'.repeat(30)]);
    await terminal.text();
    terminal.resize(20);
    block.draw(['narrow']);
    expect(await terminal.text()).toBe('stays\nnarrow');
    terminal.resize(60);
    block.draw(['wide']);
    block.print('a longer line that stays, and is broken into two by the terminal');
    block.draw(['end']);
    expect((await terminal.text()).split('\n').at(-1)).toBe('end');
    expect(await terminal.text()).not.toMatch(/narrow|wide/);
  });

  it('changes nothing of the terminal that a kill would leave behind', () => {
    const terminal = new Recorded(40);
    const block = new LiveBlock(terminal);
    block.draw(['a', 'b']);
    block.print('c');
    block.draw(['d']);
    const codes = terminal.writes.join('').match(/\x1b\[[^a-zA-Z]*[a-zA-Z]/g);
    expect(new Set(codes)).toEqual(new Set(['\x1b[?2026h', '\x1b[2A', '\x1b[K', '\x1b[J', '\x1b[?2026l']));
  });
});
