/** Rule: the stand-in's loader, in the shape of the original's. */
import { File, rule } from 'dsmb';
import { Loader, type CpioLzma } from '../rules/kinds.ts';
import { loaderJson, type DsmVersion } from './dsm-version.ts';

/** Puts together `zImage`, `rd.gz`, `extra.lzma` and `loader.json`; no process runs. */
export const standInLoader = rule<
  { readonly kernel: File; readonly rd: CpioLzma; readonly extra: CpioLzma; readonly version: DsmVersion },
  'Loader'
>({
  name: 'standInLoader',
  makes: Loader,
  implement: ({ kernel, rd, extra, version }, actions) =>
    actions.compose(Loader, {
      zImage: kernel,
      'rd.gz': rd,
      'extra.lzma': extra,
      'loader.json': actions.write({ name: 'loader.json', kind: File }, loaderJson(version)),
    }),
});
