/** Rule: the stand-in's loader, in the shape of the original's. */
import { attr, File, rule } from 'dsmb';
import { CpioLzma, Loader } from '../rules/kinds.ts';
import { loaderJson, type DsmVersion } from './dsm-version.ts';

/** Puts together `zImage`, `rd.gz`, `extra.lzma` and `loader.json`; no process runs. */
export const standInLoader = rule({
  name: 'standInLoader',
  makes: Loader,
  attributes: { kernel: File, rd: CpioLzma, extra: CpioLzma, version: attr.data<DsmVersion>() },
  implement: ({ kernel, rd, extra, version }, actions) =>
    actions.compose(Loader, {
      zImage: kernel,
      'rd.gz': rd,
      'extra.lzma': extra,
      'loader.json': actions.write({ name: 'loader.json', kind: File }, loaderJson(version)),
    }),
});
