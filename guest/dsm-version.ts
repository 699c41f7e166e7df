/** What the stand-in says it is: the `VERSION` file of the initrd and the .pat, and the loader's `loader.json`. */

/** A model and a version, in the words of the original. */
export interface DsmVersion {
  /** For example `DS3615xs`. */
  readonly model: string;
  /** The processor family, for example `bromolow`. */
  readonly platform: string;
  /** Three numbers, for example `6.1.7`. */
  readonly version: string;
  /** For example `15284`. */
  readonly build: string;
}

/** The text of a `VERSION` file: lines of `key="value"`. */
export function versionFile({ model, platform, version, build }: DsmVersion): string {
  const [major = '', minor = ''] = version.split('.');
  const values = {
    majorversion: major,
    minorversion: minor,
    productversion: version,
    buildphase: 'stand-in',
    buildnumber: build,
    upnpmodelname: model,
    unique: `synology_${platform}_${model.replace(/^DS/, '')}`,
  };
  return Object.entries(values)
    .map(([key, value]) => `${key}="${value}"\n`)
    .join('');
}

/** The text of a `loader.json`. */
export function loaderJson({ model, version, build }: DsmVersion): string {
  return `${JSON.stringify({ model, version: `${version}-${build}`, build }, null, 2)}\n`;
}
