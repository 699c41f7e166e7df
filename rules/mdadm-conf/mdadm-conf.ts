/** The arrays of an installed disk, read from it without starting anything. */
import { attr, fail, rule } from 'dsmb';
import { Disk, MdadmConf } from '../kinds.ts';
import { isArrayUuid, repeatedUuid } from '../uuids.ts';

const OUTPUT = { name: 'mdadm.conf', kind: MdadmConf } as const;

/**
 * Makes `mdadm.conf` as `mdadm --detail --scan` prints it on the system that runs from the disk; or, where `withUuids` sets
 * the UUIDs, of what is known before there is a disk.
 */
export const mdadmConf = rule({
  name: 'mdadmConf',
  makes: MdadmConf,
  attributes: {
    /** A disk with md superblocks (0.90 or 1.x) in its RAID partitions. */
    disk: attr.optional(Disk),
    /** In place of a disk: the UUIDs of arrays by the numbers of their devices, `{ 0: '6e0c9f0a:7b1d4c5e:9a8b7c6d:5e4f3a2b' }`. */
    arrays: attr.optional(attr.record(attr.string)),
  },
  implement({ disk, arrays }, actions) {
    if (disk && arrays === undefined)
      return actions.step({
        mnemonic: 'MdadmConf',
        module: () => import('./mdadm-conf.step.ts'),
        args: {},
        inputs: { disk },
        outputs: { conf: OUTPUT },
      }).conf;
    if (disk || arrays === undefined) return fail('BAD_ATTRIBUTE', 'give one of `disk` and `arrays`');
    return actions.write(OUTPUT, linesOf(arrays));
  },
});

function linesOf(arrays: Readonly<Record<string, string>>): string {
  const attribute = 'arrays';
  for (const [number, uuid] of Object.entries(arrays))
    if (!/^(0|[1-9]\d{0,2})$/.test(number) || !isArrayUuid(uuid))
      fail('BAD_ATTRIBUTE', `arrays: ${number}: '${uuid}' is not the number of a device with the UUID of an array`, {
        attribute,
        hint: "write it as { 0: '6e0c9f0a:7b1d4c5e:9a8b7c6d:5e4f3a2b' }",
      });
  const repeated = repeatedUuid(Object.values(arrays));
  if (repeated !== undefined)
    fail('BAD_ATTRIBUTE', `arrays: '${repeated}' is there twice, and an array has one device`, { attribute });
  const lines = Object.entries(arrays).map(([number, uuid]) => `ARRAY /dev/md${number} UUID=${uuid.toLowerCase()}\n`);
  if (lines.length === 0)
    fail('BAD_ATTRIBUTE', 'arrays: there is none, and the system needs at least that of /dev/md0', { attribute });
  return lines.join('');
}
