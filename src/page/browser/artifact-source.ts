/** Where the page gets outputs from: its server, or what it has kept of them. */
import type {
  CarriedArtifacts,
  PageCell,
  PageDifference,
  PageDisk,
  PageItem,
  PageOutput,
} from '../artifacts/protocol.ts';

export interface ArtifactSource {
  outputs(place: number): Promise<readonly PageOutput[]>;
  /** `since`: undefined for the build that it is compared with by default. */
  disk(place: number, output: string, since?: string): Promise<PageDisk>;
  cell(place: number, output: string, cell: number, since?: string): Promise<PageCell>;
  /** Where an output differs from that of another build. */
  difference(place: number, output: string, since?: string): Promise<PageDifference>;
  /** What is at the end of a way of names. */
  item(place: number, names: readonly string[]): Promise<PageItem>;
  /** The address of a file that is to be saved, which works once. */
  address(place: number, names: readonly string[]): Promise<string>;
}

const LEFT_OUT = 'The build has ended, and this page did not keep that. dsmb ui shows all of the build.';

/** What a page has kept. */
export function carriedSource({ outputs, disks }: CarriedArtifacts): ArtifactSource {
  const missing = (): Promise<never> => Promise.reject(new Error(LEFT_OUT));
  return {
    outputs: (place) => Promise.resolve(outputs[place] ?? []),
    disk: (place, output) => {
      const carried = disks[`${place}/${output}`];
      return carried ? Promise.resolve(carried.disk) : missing();
    },
    cell: (place, output, cell) => {
      const found = disks[`${place}/${output}`]?.cells.find(({ index }) => index === cell);
      return found ? Promise.resolve(found) : missing();
    },
    difference: missing,
    item: missing,
    address: missing,
  };
}
