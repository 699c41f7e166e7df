/** Shows the value of a parameter or an attribute. */
import { isTarget, type Loaded } from './load.ts';

export function formatValue(value: unknown, loaded: Loaded): string {
  if (isTarget(value)) return loaded.labels.get(value) ?? 'an unnamed target';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
