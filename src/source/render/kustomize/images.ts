import type { JsonValue } from '../../../model/json.ts';
import { renderError } from '../../failures.ts';
import { textIn } from './fields.ts';

/** What one override says; empty texts are not said, `*` keeps what the kustomization has. */
interface Override {
  readonly name: string;
  readonly newName: string;
  readonly newTag: string;
  readonly digest: string;
}

const keep = '*';

/**
 * The images of a kustomization with overrides (`[old=]new[:tag][@digest]`) as `kustomize edit set image` leaves them:
 * one per name, in the order of names; an override replaces all that was said of its name.
 */
export function overrideImages(existing: readonly JsonValue[], overrides: readonly string[]): JsonValue[] {
  const asked = new Map(overrides.map(parseImage).map((override) => [override.name, override] as const));
  const images = new Map<string, JsonValue>();
  for (const image of existing) {
    const name = textIn(image, 'name');
    const override = asked.get(name);
    if (!images.has(name)) images.set(name, override === undefined ? image : written(override, image));
  }
  for (const [name, override] of asked) if (!images.has(name)) images.set(name, written(override, {}));
  return [...images].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, image]) => image);
}

function written(override: Override, existing: JsonValue): JsonValue {
  const { name } = override;
  const said = (['newName', 'newTag', 'digest'] as const).map((field) => {
    const text = override[field] === keep ? textIn(existing, field.toLowerCase()) : override[field];
    return [field, text === keep ? '' : text] as const;
  });
  return Object.fromEntries([['name', name], ...said.filter(([, text]) => text !== '')]);
}

function parseImage(text: string): Override {
  const separator = text.indexOf('=');
  const image = splitImage(text.slice(separator + 1));
  if (separator < 0 && image.name === text) {
    throw renderError(
      'InvalidSpec',
      `spec.source.kustomize.images: "${text}" changes nothing; expected [old=]new[:tag][@digest]`,
    );
  }
  if (separator < 0) return { ...image, newName: '' };
  return { ...image, name: text.slice(0, separator), newName: image.name };
}

/** A colon before the first slash belongs to the host's port. */
function splitImage(image: string): { readonly name: string; readonly newTag: string; readonly digest: string } {
  const path = Math.max(image.indexOf('/'), 0);
  const at = image.indexOf('@', path);
  const colon = image.indexOf(':', path);
  const end = at < 0 ? image.length : at;
  const hasTag = colon >= 0 && colon < end;
  return {
    name: image.slice(0, hasTag ? colon : end),
    newTag: hasTag ? image.slice(colon + 1, end) : '',
    digest: at < 0 ? '' : image.slice(at + 1),
  };
}
