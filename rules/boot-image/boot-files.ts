/** What is on the boot file system, of the boot image as of a disk's boot partition. */
import { File, Tree, type Actions, type Artifact } from 'dsmb';
import { HOST_NETWORK, HOST_NETWORK_BYTES, LOADER_FOLDER } from '../grub-config/text.ts';

/** Where the files come from. */
export interface BootFileSources {
  readonly loader: Artifact<'Loader'>;
  /** Replaces the loader's own extra.lzma. */
  readonly extra?: Artifact<'CpioLzma'> | undefined;
  readonly config: Artifact<'GrubConfig'>;
  /** GRUB for UEFI, of a disk for hosts. */
  readonly efi?: Artifact<'File'>;
}

const FOLDER = LOADER_FOLDER.slice(1);

/**
 * The files by their place in `bootFiles`, in the order in which they are laid out: what changes most often comes
 * first, so that another size of a late file moves nothing.
 */
export const BOOT_FILES = [
  'boot/grub/grub.cfg',
  `${FOLDER}/zImage`,
  `${FOLDER}/rd.gz`,
  `${FOLDER}/extra.lzma`,
] as const;

/** For what a host's installer tells the system; on disks that a host is given. */
export const NETWORK_FILE = `boot/grub/${HOST_NETWORK}`;

/** Where UEFI looks for a loader on a disk that it knows nothing of; it comes last. */
export const EFI_LOADER = 'EFI/BOOT/BOOTX64.EFI';

/** The file system's content as a folder. */
export function bootFiles(actions: Actions, { loader, extra, config, efi }: BootFileSources): Artifact<'Tree'> {
  const sources: Record<(typeof BOOT_FILES)[number], Artifact> = {
    'boot/grub/grub.cfg': config,
    [`${FOLDER}/zImage`]: loader.at('zImage', File),
    [`${FOLDER}/rd.gz`]: loader.at('rd.gz', File),
    [`${FOLDER}/extra.lzma`]: extra ?? loader.at('extra.lzma', File),
  };
  if (!efi) return actions.compose(Tree, sources);
  const network = actions.write({ name: HOST_NETWORK, kind: File }, '\n'.repeat(HOST_NETWORK_BYTES));
  return actions.compose(Tree, { ...sources, [NETWORK_FILE]: network, [EFI_LOADER]: efi });
}
