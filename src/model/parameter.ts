/** Parameters: typed values set with `--set name=value` or in `dsmb.params.json`. */
import { callSite } from './call-site.ts';
import { fail } from './diagnostic.ts';
import type { Kind } from './kind.ts';
import type { FileParameter, Parameter, Target } from './target.ts';

interface Options<Value> {
  readonly default: Value;
  /** One line for `--help`. */
  readonly doc: string;
}

const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;

function make<Value>(options: Options<Value>, format: string, parse: (text: string) => Value): Parameter<Value> {
  return { type: 'parameter', ...options, format, parse, location: callSite(3) };
}

/** Makes parameters. */
export const param = {
  /** Any text. */
  string: (options: Options<string>): Parameter<string> => make(options, 'text', (text) => text),

  /** One of a few words. */
  choice: <const Choice extends string>(
    choices: readonly Choice[],
    options: Options<NoInfer<Choice>>,
  ): Parameter<Choice> =>
    make<Choice>(options, choices.join('|'), (text) => {
      const found = choices.find((choice) => choice === text);
      return found ?? fail('BAD_PARAMETER', `'${text}' is not one of ${choices.join(', ')}`);
    }),

  /** true or false. */
  boolean: (options: Options<boolean>): Parameter<boolean> =>
    make(options, 'true|false', (text) => {
      if (text === 'true') return true;
      if (text === 'false') return false;
      return fail('BAD_PARAMETER', `'${text}' is neither true nor false`);
    }),

  /** A whole number. */
  integer: (options: Options<number>): Parameter<number> =>
    make(options, 'number', (text) => {
      if (!/^-?\d{1,15}$/.test(text)) fail('BAD_PARAMETER', `'${text}' is not a whole number`);
      return Number(text);
    }),

  /** A MAC address, given as `52:54:00:c9:18:27`, with dashes, or as twelve digits; kept in lower case with colons. */
  macAddress: (options: Options<string>): Parameter<string> =>
    make(options, 'xx:xx:xx:xx:xx:xx', (text) => {
      const digits = text.toLowerCase().replaceAll(/[:-]/g, '');
      const mac = digits.match(/.{1,2}/g)?.join(':') ?? '';
      if (!MAC.test(mac))
        fail('BAD_PARAMETER', `'${text}' is not a MAC address`, {
          hint: 'write six pairs of hex digits, for example 52:54:00:c9:18:27',
        });
      return mac;
    }),

  /**
   * A file or folder of the user's own in place of a target: `--set pat=/path/to/DSM.pat`. It must be what the kind is,
   * a file or a folder, unless `shape` says otherwise.
   */
  file: <Name extends string = 'File'>(options: {
    readonly default: Target<Name>;
    readonly doc: string;
    readonly kind?: Kind<Name>;
    readonly shape?: FileParameter['shape'];
  }): FileParameter<Name> => {
    const location = callSite(2);
    const parameter: Parameter<Target<Name> | string> = {
      type: 'parameter',
      doc: options.doc,
      default: options.default,
      format: 'path',
      parse: (text) => text,
      location,
    };
    const kind = options.kind ?? options.default.kind;
    return { ...options.default, kind, location, parameter, shape: options.shape ?? kind.shape };
  },
};
