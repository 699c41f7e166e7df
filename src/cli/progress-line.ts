/** One line on a terminal that tells how far a command is; silent elsewhere. */

export interface ProgressLine extends Disposable {
  /** 0 to 100. */
  readonly show: (percent: number) => void;
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
