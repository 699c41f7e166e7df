/** The settings of the script for data disks, checked against what the overlay knows of the system's own arrays. */
import { fail } from 'dsmb/step';

/**
 * The text of `etc/dsmb-data.conf`, which a shell reads. `mdadmConf`: the `etc/mdadm.conf` of the overlay. Fails with
 * DATA_DISKS where it does not tell whose arrays are meant, or has an array that is named.
 */
export function dataSettings(dataDisks: number | readonly string[], mdadmConf: string): string {
  if (typeof dataDisks === 'number') return `DISKS=${dataDisks}\nHOST='${hostOf(mdadmConf)}'\n`;
  const own = dataDisks.find((uuid) => mdadmConf.toLowerCase().includes(`uuid=${uuid}`));
  if (own !== undefined)
    fail('DATA_DISKS', `dataDisks names ${own}, an array that mdadm.conf has already`, {
      detail: mdadmConf,
      hint: 'take it out of dataDisks: the system assembles it anyway',
    });
  return `VOLUMES='${dataDisks.join(' ')}'\n`;
}

/** Arrays have the name of the system that made them: `name=DiskStation:2`. */
function hostOf(mdadmConf: string): string {
  return (
    /^ARRAY .*\bname=([\w.-]+):/m.exec(mdadmConf)?.[1] ??
    fail('DATA_DISKS', 'dataDisks is a number, but no array in mdadm.conf has the name of a host', {
      detail: mdadmConf,
      hint:
        'give dataDisks the UUIDs of the arrays and file systems, or make mdadmConf from a disk whose system has made ' +
        'a volume',
    })
  );
}
