/** The text of grub.cfg, with the variables and functions of the loaders that it stands for. */

/** What the text depends on; checked by the rule. */
export interface GrubSettings {
  /** Twelve hex digits, upper case. */
  readonly mac1: string;
  /** Of the further cards: `mac2`, `mac3` … */
  readonly otherMacs: readonly string[];
  readonly serialConsole: boolean;
  readonly serialNumber: string;
  readonly vid: string;
  readonly pid: string;
  /** Seconds. */
  readonly timeout: number;
  readonly extraArguments: string;
  readonly sataArguments: string;
}

/** Folder of the loader's files on the boot file system. */
export const LOADER_FOLDER = '/boot/grub/DS3615xs';

/** Beside grub.cfg on the boot partition of a disk: empty lines, which are replaced by a line `set host_net="dsmb.net=…"`. */
export const HOST_NETWORK = 'network.cfg';
/** Bytes of it: a sector, which is written as a whole. */
export const HOST_NETWORK_BYTES = 512;

const SERIAL = `
serial --unit=0 --speed=115200
terminal_input serial console
terminal_output serial console
`;

/**
 * The configuration. Paths name no drive: they are on the partition that GRUB was loaded from, so that the same text
 * serves the boot image and the boot partition of a disk.
 */
export function grubConfigText(settings: GrubSettings): string {
  const others = settings.otherMacs;
  const consoles = settings.serialConsole ? 'console=tty0 console=ttyS0,115200n8' : 'console=tty0';
  return `# DSM on KVM. Set mac1 to the MAC address of the host.
set default=0
set timeout=${settings.timeout}
${settings.serialConsole ? SERIAL : ''}
set vid=${settings.vid}
set pid=${settings.pid}
set sn=${settings.serialNumber}
set mac1=${settings.mac1}
${others.map((mac, index) => `set mac${index + 2}=${mac}\n`).join('')}set rootdev=/dev/md0
set netif_num=${1 + others.length}
set extra_args="${settings.extraArguments}"
set sata_args="${settings.sataArguments}"
set common_args="syno_hdd_powerup_seq=0 HddHotplug=0 syno_hw_version=DS3615xs vender_format_version=2 ${consoles} quiet"
set img=${LOADER_FOLDER}

# The network of the installed system (host_net), where the installer of a host has put it there.
set host_net=
if [ -s $prefix/${HOST_NETWORK} ]; then
  source $prefix/${HOST_NETWORK}
fi

function loadlinux {
  linux $img/zImage root=$rootdev $common_args $sata_args mac1=$mac1${others.map((_, index) => ` mac${index + 2}=$mac${index + 2}`).join('')} netif_num=$netif_num sn=$sn vid=$vid pid=$pid $extra_args $host_net
}

function loadinitrd {
  initrd $img/rd.gz $img/extra.lzma
}

function showtips {
  echo "Starting DSM on the network card $mac1."
  echo "This screen stops here. The web assistant answers on port 5000 in a minute or two."
}

menuentry "DSM (DS3615xs)" {
  loadlinux
  loadinitrd
  showtips
}
`;
}
