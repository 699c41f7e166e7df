/** One line on a terminal that tells how far a command is; silent elsewhere. */

export interface ProgressLine extends Disposable {
  /** 0 to 100. */
  readonly show: (percent: number) => void;
}

/** A line on standard error that says what a command is doing; it is gone when it is disposed of. */
export function busyLine(what: string, out: NodeJS.WriteStream = process.stderr): Disposable {
  if (!out.isTTY) return { [Symbol.dispose]: () => {} };
  out.write(`\r${what} …`);
  return { [Symbol.dispose]: () => void out.write('\r\x1b[K') };
}

/** Starts a line on standard error; it is gone when it is disposed of. */
export function progressLine(what: string, out: NodeJS.WriteStream = process.stderr): ProgressLine {
  if (!out.isTTY) return { show: () => {}, [Symbol.dispose]: () => {} };
  let shown = -1;
  return {
    show(percent) {
      if (Math.floor(percent) === shown) return;
      shown = Math.floor(percent);
      out.write(`\r${what} ${shown} %`);
    },
    [Symbol.dispose]: () => void out.write('\r\x1b[K'),
  };
}
