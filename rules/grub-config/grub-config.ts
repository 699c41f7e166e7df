/** The GRUB configuration of the DSM loader. The only place where the MAC address enters an image. */
import { attr, fail, rule } from 'dsmb';
import { GrubConfig } from '../kinds.ts';
import { MAC_PREFIXES } from './mac-prefixes.ts';
import { grubConfigText, type GrubSettings } from './text.ts';

/** Makes `grub.cfg`: one entry that starts the installer, or the system where one is installed. */
export const grubConfig = rule({
  name: 'grubConfig',
  makes: GrubConfig,
  attributes: {
    /** MAC address of the guest's network card, as its hypervisor sets it; must begin with 52:54:00. */
    mac: attr.string,
    /** MAC addresses of further network cards (`mac2` …), seven at most; none by default. */
    otherMacs: attr.optional(attr.list(attr.string)),
    /** Show GRUB and the kernel's messages on the first serial port, too; true by default. */
    serialConsole: attr.optional(attr.boolean),
    /** The machine's serial number (`sn`). */
    serialNumber: attr.optional(attr.string),
    /** USB vendor id of the boot medium, for example `0x058f`. */
    vid: attr.optional(attr.string),
    /** USB product id of the boot medium, for example `0x6387`. */
    pid: attr.optional(attr.string),
    /** Seconds that the menu is shown; 1 by default. */
    timeout: attr.optional(attr.integer),
    /** More arguments for the kernel (`extra_args`), separated by spaces. */
    extraArguments: attr.optional(attr.string),
    /** Arguments that map SATA ports to disk numbers (`sata_args`); none by default. */
    sataArguments: attr.optional(attr.string),
  },
  implement(attributes, actions) {
    const settings: GrubSettings = {
      mac1: macDigits('mac', attributes.mac),
      otherMacs: otherMacs(attributes.mac, attributes.otherMacs ?? []),
      serialConsole: attributes.serialConsole ?? true,
      serialNumber: word('serialNumber', attributes.serialNumber ?? 'DSMB000000001', /^[0-9A-Za-z]{1,32}$/),
      vid: word('vid', attributes.vid ?? '0x058f', /^0x[0-9a-fA-F]{4}$/),
      pid: word('pid', attributes.pid ?? '0x6387', /^0x[0-9a-fA-F]{4}$/),
      timeout: seconds(attributes.timeout ?? 1),
      extraArguments: word('extraArguments', attributes.extraArguments ?? '', KERNEL_ARGUMENTS),
      sataArguments: word('sataArguments', attributes.sataArguments ?? '', KERNEL_ARGUMENTS),
    };
    return actions.write({ name: 'grub.cfg', kind: GrubConfig }, grubConfigText(settings));
  },
});

/** Nothing that GRUB's shell would read as more than a word. */
const KERNEL_ARGUMENTS = /^[\w .,:=/+@%-]*$/;

/** The loader passes mac1 to mac8 to the kernel. */
const MOST_CARDS = 8;

function otherMacs(first: string, others: readonly string[]): readonly string[] {
  const digits = others.map((mac) => macDigits('otherMacs', mac));
  const attribute = 'otherMacs';
  if (others.length >= MOST_CARDS)
    fail('BAD_ATTRIBUTE', `otherMacs: there can be ${MOST_CARDS - 1}, not ${others.length}`, { attribute });
  if (new Set([macDigits('mac', first), ...digits]).size <= others.length)
    fail('BAD_ATTRIBUTE', 'otherMacs: two cards have the same MAC address', { attribute });
  return digits;
}

function macDigits(attribute: string, mac: string): string {
  const digits = mac.toLowerCase().replaceAll(/[:-]/g, '');
  if (!/^[0-9a-f]{12}$/.test(digits))
    fail('BAD_ATTRIBUTE', `${attribute}: '${mac}' is not a MAC address`, { attribute });
  if (!MAC_PREFIXES.some((prefix) => digits.startsWith(prefix.replaceAll(':', ''))))
    fail('MAC_PREFIX', `the MAC address ${mac} does not begin with ${MAC_PREFIXES.join(' or ')}`, {
      detail:
        'The loader recognises a virtual network card by this prefix, which KVM gives to its guests; ' +
        'with another one DSM finds no network.',
      attribute,
      hint: 'choose an address such as 52:54:00:c9:18:27, and give the same to the virtual machine',
    });
  return digits.toUpperCase();
}

function word(name: string, text: string, pattern: RegExp): string {
  return pattern.test(text)
    ? text
    : fail('BAD_ATTRIBUTE', `${name}: '${text}' cannot stand in grub.cfg`, { attribute: name });
}

function seconds(timeout: number): number {
  const sane = Number.isInteger(timeout) && timeout >= 0 && timeout <= 3600;
  return sane
    ? timeout
    : fail('BAD_ATTRIBUTE', `timeout: ${timeout} is not a number of seconds from 0 to 3600`, { attribute: 'timeout' });
}
