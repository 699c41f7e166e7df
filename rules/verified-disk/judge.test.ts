/** What counts as a disk that boots. */
import { describe, expect, it } from 'vitest';
import { judge, readConsole, type Observation } from './judge.ts';

const MAC = '52:54:00:c9:18:27';
const good: Observation = { screen: 'system', partitionVersion: 8, mac: MAC, readyMac: MAC };

describe('the console', () => {
  it('is read to its last word', () => {
    const text =
      'Partition Version=0\nPartition Version=8\nDSM-READY version=6.1 mac=52:54:00:C9:18:27 root=/dev/md0\n';
    expect(readConsole(text)).toEqual({ partitionVersion: 8, readyMac: MAC });
  });

  it('tells of further cards and of volumes', () => {
    const text = `DSM-READY mac=${MAC} root=/dev/md0 volumes=/volume1,/volume3 mac2=52:54:00:00:00:02 ip2=none\r\n`;
    expect(readConsole(text)).toEqual({
      readyMac: MAC,
      readyOtherMacs: ['52:54:00:00:00:02'],
      volumes: ['/volume1', '/volume3'],
    });
    expect(readConsole(`DSM-READY mac=${MAC} volumes=\n`).volumes).toEqual([]);
  });

  it('tells nothing while a line is not whole', () => {
    expect(readConsole('DSM-READY version=6.1 mac=52:54:00:c9:18:27')).toEqual({});
  });
});

describe('an installed disk', () => {
  it('passes', () => expect(judge('installed', good)).toEqual([]));

  it('passes without the line that only the stand-in prints', () => {
    expect(judge('installed', { screen: 'system', partitionVersion: 8, mac: MAC })).toEqual([]);
  });

  it.each<[string, Partial<Observation>]>([
    ['the install screen came up (sys_crash)', { screen: 'install', status: 'sys_crash' }],
    ['the console shows Partition Version=0, not 8', { partitionVersion: 0 }],
    ['the system runs with the MAC 52:54:00:00:00:01', { readyMac: '52:54:00:00:00:01' }],
  ])('fails: %s', (problem, change) => {
    expect(judge('installed', { ...good, ...change })).toEqual([expect.stringContaining(problem)]);
  });
});

describe('volumes and further cards', () => {
  const more: Observation = { ...good, volumes: ['/volume1', '/volume2'] };

  it('must be there as they are expected', () => {
    expect(judge('installed', more, ['/volume2', '/volume1'])).toEqual([]);
    expect(judge('installed', more, ['/volume1'])).toEqual(['the volumes are /volume1, /volume2, not /volume1']);
    expect(judge('installed', { ...good, volumes: [] }, ['/volume1'])).toEqual(['the volumes are none, not /volume1']);
    expect(judge('installed', good, ['/volume1'])).toEqual(['DSM-READY with the volumes was not seen on the console']);
    expect(judge('installed', { ...good, screen: 'install' }, ['/volume1'])).toHaveLength(1);
    expect(judge('installed', more)).toEqual([]);
  });

  it('must be those of grub.cfg', () => {
    const otherMacs = ['52:54:00:00:00:02'];
    expect(judge('installed', { ...good, otherMacs, readyOtherMacs: otherMacs })).toEqual([]);
    expect(judge('installed', { ...good, otherMacs })).toEqual([
      'its further cards are none, but grub.cfg says 52:54:00:00:00:02',
    ]);
  });
});

describe('a negative control', () => {
  it('passes in the install screen only', () => {
    expect(judge('install-screen', { screen: 'install', status: 'sys_crash', mac: MAC })).toEqual([]);
    expect(judge('install-screen', good)).toHaveLength(1);
  });
});
