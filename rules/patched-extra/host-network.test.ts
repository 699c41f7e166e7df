/** What the overlay tells the installed system of its host's network, in each shell that an initrd has. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, inject, it } from 'vitest';

const SCRIPT = readFileSync(new URL('./host-network.sh', import.meta.url), 'utf8');
const MAC = '52:54:00:77:88:99';

/** What the script would write for one word, without what it does to a disk. */
function settingsOf(word: string): string[] {
  const functions = SCRIPT.slice(0, SCRIPT.indexOf('\nwords='));
  const call = `${functions}\nmnt=/dev/null card=eth0\nsettings_of $(echo "$1" | tr , ' ') 2>/dev/null`;
  const { stdout } = spawnSync('busybox', ['sh', '-c', call, 'sh', word], {
    encoding: 'utf8',
    env: { PATH: `${inject('commands')}:${process.env['PATH']}` },
  });
  return stdout.split('\n').filter((line) => line !== '');
}

const FIXED = ['DEVICE=eth0', 'BOOTPROTO=static', 'ONBOOT=yes'];

describe('the settings of a card', () => {
  it.each([
    ['192.0.2.7/24,gw=192.0.2.1', 'IPADDR=192.0.2.7', 'NETMASK=255.255.255.0', 'GATEWAY=192.0.2.1'],
    // A gateway outside: the mask is widened, no further than need be.
    ['10.0.2.77/32,gw=10.0.2.2', 'IPADDR=10.0.2.77', 'NETMASK=255.255.255.128', 'GATEWAY=10.0.2.2'],
    ['192.0.2.7/32,gw=198.51.100.1', 'IPADDR=192.0.2.7', 'NETMASK=248.0.0.0', 'GATEWAY=198.51.100.1'],
    ['192.0.2.7/32,gw=10.0.0.1', 'IPADDR=192.0.2.7', 'NETMASK=0.0.0.0', 'GATEWAY=10.0.0.1'],
    ['192.0.2.7/0', 'IPADDR=192.0.2.7', 'NETMASK=0.0.0.0'],
    // IPv6 is left to the system.
    ['2001:db8::7/64,gw=2001:db8::1,192.0.2.7/25', 'IPADDR=192.0.2.7', 'NETMASK=255.255.255.128'],
    ['192.0.2.7/25,192.0.2.8/25', 'IPADDR=192.0.2.7', 'NETMASK=255.255.255.128'],
  ])('%s', (fields, ...lines) => {
    expect(settingsOf(`${MAC},${fields}`)).toEqual([...FIXED, ...lines]);
  });

  it.each([MAC, `${MAC},gw=192.0.2.1`, `${MAC},2001:db8::7/64`])('are none without an address: %s', (word) => {
    expect(settingsOf(word)).toEqual([]);
  });
});
