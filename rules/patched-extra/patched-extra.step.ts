/** Repacks an overlay with drivers, `etc/mdadm.conf` and the patch that assembles the arrays. */
import { cpioFile, lzma, pickFiles, writeCpio } from 'dsmb/archive';
import { fail, step } from 'dsmb/step';
import { readFile } from 'node:fs/promises';
import {
  ASSEMBLY,
  checkPatch,
  DATA_ASSEMBLY,
  DATA_DISKS,
  HOST_NETWORK,
  LINUXRC,
  withInsertion,
} from './assembly-patch.ts';
import { dataSettings } from './data-settings.ts';
import { readDrivers, type Driver } from './drivers.ts';
import { checkKernel, kernelRelease } from './kernel.ts';
import { withModules } from './module-list.ts';
import { moduleFolder, modulesOf, openOverlay, type Overlay } from './overlay.ts';

const PATCH = 'etc/jun.patch';
const MODULE_LIST = 'etc/rc.modules';
const ARRAYS = 'etc/mdadm.conf';
const DATA_SETTINGS = 'etc/dsmb-data.conf';
const DATA_VOLUMES = 'etc/dsmb-volumes.sh';

export default step<{
  /** `dataDisks`: how many other disks there are, or the UUIDs of their volumes in small letters. */
  args: { readonly assembleArrays: boolean; readonly dataDisks?: number | readonly string[] };
  /** `drivers` and `mdadmConf` may be there too, and with `dataDisks` the scripts `dataDisks` and `dataVolumes`. */
  inputs: 'extra' | 'rd' | 'kernel' | 'hostNetwork';
  outputs: 'extra';
}>(async ({ args, inputs, allInputs, outputs, scratch, epoch, log }) => {
  const overlay = await openOverlay(inputs.extra, scratch);
  if (allInputs['drivers'] !== undefined) {
    const drivers = await readDrivers(allInputs['drivers']);
    checkKernel(drivers, await kernelRelease(inputs.kernel));
    await addDrivers(overlay, drivers, log);
  }
  if (allInputs['mdadmConf'] !== undefined) overlay.put(cpioFile(ARRAYS, await readFile(allInputs['mdadmConf'])));
  if (args.assembleArrays) overlay.put(cpioFile(HOST_NETWORK, await readFile(inputs.hostNetwork)));
  const { dataDisks, dataVolumes } = allInputs;
  if (args.dataDisks !== undefined && dataDisks !== undefined && dataVolumes !== undefined) {
    const settings = dataSettings(args.dataDisks, (await overlay.text(ARRAYS)) ?? '');
    overlay.put(cpioFile(DATA_SETTINGS, Buffer.from(settings)));
    overlay.put(cpioFile(DATA_DISKS, await readFile(dataDisks)));
    overlay.put(cpioFile(DATA_VOLUMES, await readFile(dataVolumes)));
  }
  await addPatch(overlay, inputs.rd, [
    ...(args.assembleArrays ? [ASSEMBLY] : []),
    ...(args.dataDisks === undefined ? [] : [DATA_ASSEMBLY]),
  ]);
  await lzma(writeCpio(overlay.entries(), epoch), outputs.extra);
});

/** Adds the modules and lists them, after what they depend on. */
async function addDrivers(overlay: Overlay, drivers: readonly Driver[], log: (line: string) => void): Promise<void> {
  const place = moduleFolder(overlay);
  for (const driver of drivers) overlay.put(cpioFile(`${place}/${driver.name}.ko`, driver.content));
  const list = await overlay.text(MODULE_LIST);
  const result = withModules(list ?? '', drivers, await modulesOf(overlay));
  for (const { module, needs } of result.elsewhere) log(`${module} needs ${needs}, which is not in the overlay`);
  overlay.put(cpioFile(MODULE_LIST, Buffer.from(result.text, 'latin1')));
}

/** Adds the hunks that are wanted, and in any case tries the patch on the initrd's own file. */
async function addPatch(overlay: Overlay, rd: string, insertions: readonly (typeof ASSEMBLY)[]): Promise<void> {
  const patch = (await overlay.text(PATCH)) ?? '';
  const linuxrc = (await overlay.text(LINUXRC)) ?? (await pickFiles(rd, [LINUXRC])).get(LINUXRC)?.toString('latin1');
  if (linuxrc === undefined)
    fail('LOADER_INCOMPLETE', `rd.gz has no ${LINUXRC}`, { hint: 'give the rd.gz of a DSM 6 loader' });
  const wanted = insertions.reduce((before, lines) => withInsertion(before, linuxrc, lines), patch);
  checkPatch(wanted, linuxrc);
  if (wanted !== patch) overlay.put(cpioFile(PATCH, Buffer.from(wanted, 'latin1')));
}
