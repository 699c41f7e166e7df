/** The command line, where a mistake would show late or never. */
import { expect, it } from 'vitest';
import { machineArguments } from './machine.ts';
import { parseForwards } from './ports.ts';

const spec = { memoryMiB: 64, accelerator: 'tcg' } as const;

it('puts IDE disks where they belong', () => {
  const disk = { file: '/d,1.img', format: 'raw', interface: 'ide' } as const;
  const args = machineArguments(
    {
      ...spec,
      disks: [
        { ...disk, slot: 'hda' },
        { ...disk, slot: 'hdc', bootIndex: 0 },
      ],
    },
    '/log',
  );
  expect(args.filter((arg) => arg.startsWith('ide-hd'))).toEqual([
    'ide-hd,bus=ide.0,unit=0,drive=disk0',
    'ide-hd,bus=ide.1,unit=0,drive=disk1,bootindex=0',
  ]);
  expect(args.find((arg) => arg.startsWith('file='))).toMatch(/^file=\/d,,1\.img,format=raw,/);
});

it('starts by UEFI where it is given one, whose settings no machine changes', () => {
  const args = machineArguments({ ...spec, efi: { code: '/code.fd', variables: '/a,b.fd' } }, '/log');
  expect(args.filter((arg) => arg.startsWith('if=pflash'))).toEqual([
    'if=pflash,unit=0,format=raw,readonly=on,file=/code.fd',
    'if=pflash,unit=1,format=raw,snapshot=on,file=/a,,b.fd',
  ]);
});

it('leaves the guest no way out', () => {
  const args = machineArguments({ ...spec, nics: [{ mac: '52:54:00:12:34:56', forwards: [80, 5000] }] }, '/log');
  expect(args).toContain('user,id=net0,restrict=on,hostfwd=tcp:127.0.0.1:0-:80,hostfwd=tcp:127.0.0.1:0-:5000');
});

it('is the same each time', () => {
  expect(machineArguments(spec, '/log')).toEqual(machineArguments(spec, '/log'));
});

it('reads which ports were given', () => {
  const table = `Hub -1 (net0):
  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ
  TCP[ESTABLISHED]   20       10.0.2.15  5000        10.0.2.2 41410     0     0
  TCP[HOST_FORWARD]  13       127.0.0.1 44197       10.0.2.15  5000     0     0
  TCP[HOST_FORWARD]  12       127.0.0.1 34561       10.0.2.15    80     0     0`;
  expect([...parseForwards(table)]).toEqual([
    [5000, 44197],
    [80, 34561],
  ]);
});
