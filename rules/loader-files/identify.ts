/** The model and the version that an initrd is for. */
import { pickFiles } from 'dsmb/archive';

/** What `loader.json` says; what is not known is left out. */
export interface LoaderIdentity {
  /** For example `DS3615xs`. */
  readonly model?: string;
  /** For example `6.1.7-15284`. */
  readonly version?: string;
}

/** Where an initrd says what it is; lines of `key="value"`, the first file that has a key counts. */
const SOURCES = ['etc.defaults/VERSION', 'etc/VERSION', 'etc.defaults/synoinfo.conf', 'etc/synoinfo.conf'];

/** Reads it from a `rd.gz`. An initrd that does not tell is no error. */
export async function identify(rd: string): Promise<LoaderIdentity> {
  const files = await pickFiles(rd, SOURCES, []);
  const texts = SOURCES.map((name) => files.get(name)?.toString('latin1') ?? '');
  const value = (key: string): string | undefined => {
    const pattern = new RegExp(`^${key}="?([^"\\r\\n]*)"?\\s*$`, 'm');
    for (const text of texts) {
      const found = pattern.exec(text)?.[1];
      if (found) return found;
    }
    return undefined;
  };
  const model = value('upnpmodelname') ?? modelOf(value('unique'));
  const release = value('productversion') ?? join('.', value('majorversion'), value('minorversion'));
  const version = join('-', release, value('buildnumber'));
  return { ...(model === undefined ? {} : { model }), ...(version === undefined ? {} : { version }) };
}

/** `synology_bromolow_3615xs` is a DS3615xs; other series are named with their letters. */
function modelOf(unique: string | undefined): string | undefined {
  const name = /^synology_[^_]+_([a-z]*)(\w[\w+]*)$/i.exec(unique ?? '');
  const [, series = '', rest] = name ?? [];
  return rest === undefined ? undefined : `${series.toUpperCase() || 'DS'}${rest}`;
}

function join(separator: string, a: string | undefined, b: string | undefined): string | undefined {
  return a === undefined || b === undefined ? undefined : `${a}${separator}${b}`;
}
