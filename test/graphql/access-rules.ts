import { getNamedType, isInputObjectType, isObjectType } from "graphql";
import { encodeId } from "../../src/graphql/ids.ts";
import { buildBandloomSchema } from "../../src/graphql/schema.ts";

/** What an answer says where everything went well. */
type Data = Readonly<Record<string, unknown>>;

/** For what a field is asked. */
export interface Target {
  readonly key: string;
  /** An image that who asks may read. */
  readonly base: string;
  /** Id of a job on the image; of none where there is no such image. */
  readonly job: string;
}

/** How a field is asked, and what its answer may tell. */
export type Rule =
  /** Names an image: whoever may not read it is told what is told of none. */
  | { readonly kind: "image"; readonly query: (target: Target) => string; readonly found: (data: Data) => boolean }
  /** The same, for who may change what is saved; the others are told that, whatever they name. */
  | {
      readonly kind: "change";
      readonly query: (target: Target) => string;
      readonly found: (data: Data) => boolean;
      /** An image has a saved preset of this name then. */
      readonly needs?: string;
    }
  /** Names what one may read, and counts no more. */
  | { readonly kind: "list"; readonly query: string }
  /** Tells everybody the same. */
  | { readonly kind: "open"; readonly query: string };

/** Names of arguments that stand for an image, or can. */
const NAMES_IMAGE = /^(?:\w*[kK]ey|id|ids|formula\w*|expression|preset)$/;
const ROOTS: ReadonlySet<string> = new Set(["Query", "Mutation", "Subscription"]);

/** Every field that must have a rule: those that operations begin with, and those below that are told of an image. */
export function fieldsOfSchema(): readonly string[] {
  const schema = buildBandloomSchema();
  const types = Object.values(schema.getTypeMap()).filter(isObjectType);
  return types
    .filter(({ name }) => !name.startsWith("__"))
    .flatMap((type) =>
      Object.values(type.getFields())
        .filter(({ args }) => ROOTS.has(type.name) || args.some((argument) => namesImage(argument)))
        .map(({ name }) => `${type.name}.${name}`),
    );
}

interface Argument {
  readonly name: string;
  readonly type: Parameters<typeof getNamedType>[0];
}

function namesImage({ name, type }: Argument): boolean {
  const named = getNamedType(type);
  return isInputObjectType(named) ? Object.values(named.getFields()).some(namesImage) : NAMES_IMAGE.test(name);
}

const text = JSON.stringify;
const imageId = (key: string) => encodeId({ type: "Image", key });
const presetId = (key: string, name: string) => encodeId({ type: "Preset", name, key });
const other = (key: string) => `image(${text(key)}).b1`;
/** At a path of names. */
function at(data: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, name) => (value as Data | null | undefined)?.[name], data);
}
const has = (path: string) => (data: Data) => (at(data, path) ?? null) !== null;
const isEmpty = (path: string) => (data: Data) => text(at(data, path)) === "[]";

export const RULES: Readonly<Record<string, readonly Rule[]>> = {
  "Query.node": [
    {
      kind: "image",
      query: ({ key, job }) => `{
        a: node(id: ${text(imageId(key))}) { id ... on Image { key revision } }
        b: node(id: ${text(encodeId({ type: "Channel", index: 0, key }))}) { id ... on Channel { name } }
        c: node(id: ${text(presetId(key, "own"))}) { id ... on Preset { formula } }
        d: node(id: ${text(job)}) { id ... on Job { formula total } } }`,
      found: (data) => Object.values(data).every((one) => one !== null),
    },
  ],
  "Query.image": [
    {
      kind: "image",
      query: ({ key }) => `{ image(key: ${text(key)}) {
        key width formula channel(name: "b1") { name statistics { count } } presets { name } thumbnail(maxSize: 8) { base64 }
        render(formula: "b1 + 0") {
          urlTemplate tileJsonUrl tile(level: 0, x: 0, y: 0) { url base64 }
          region(region: { x: 0, y: 0, width: 9, height: 9 }) { url base64 }
          probe(points: [{ x: 1, y: 1 }]) { x } statistics { mean } } } }`,
      found: has("image.render.tile.base64"),
    },
  ],
  "Query.images": [
    {
      kind: "list",
      query: `{ images(first: 100) { totalCount nodes { key } edges { cursor } problems { key message } pageInfo { hasNextPage endCursor } } }`,
    },
    {
      kind: "list",
      query: `{ images(last: 1, search: "s") { totalCount nodes { key } edges { cursor } pageInfo { hasPreviousPage startCursor } } }`,
    },
  ],
  "Query.presets": [
    {
      kind: "list",
      query:
        '{ presets(search: "own", first: 100) { totalCount nodes { id name imageKey formula } edges { cursor } } }',
    },
    { kind: "list", query: `{ presets(search: "mixed") { totalCount nodes { name formula } } }` },
    {
      kind: "image",
      query: ({ key }) => `{ presets(first: 100, imageKey: ${text(key)}) { totalCount nodes { name } } }`,
      found: has("presets.totalCount"),
    },
  ],
  "Query.jobs": [
    { kind: "list", query: "{ jobs(first: 100) { totalCount nodes { id imageKey formula } edges { cursor } } }" },
  ],
  "Query.formulaLanguage": [{ kind: "open", query: "{ formulaLanguage { functions { name } } }" }],
  "Query.colormaps": [{ kind: "open", query: "{ colormaps { name } }" }],
  "Query.server": [{ kind: "open", query: "{ server { version limits { tilesInline } formats } }" }],
  "Image.render": [
    {
      kind: "image",
      query: ({ key, base }) => `{ image(key: ${text(base)}) {
        a: render(formula: ${text(`b1 + ${other(key)}`)}) { valid diagnostics { code message } }
        b: render(layers: [{ expression: ${text(other(key))}, color: "#ff0000" }]) { valid diagnostics { code message } }
        c: render(display: { window: [0, 9] }, formula: ${text(other(key))}) { valid diagnostics { code message } } } }`,
      found: (data) => ["a", "b", "c"].every((name) => at(data, `image.${name}.valid`) === true),
    },
  ],
  "Mutation.savePreset": [
    {
      kind: "change",
      query: ({ key }) =>
        `mutation { savePreset(input: { name: "new", formula: "b1", imageKey: ${text(key)} }) { preset { id } userErrors { message } diagnostics { message } } }`,
      found: has("savePreset.preset.id"),
    },
  ],
  "Mutation.deletePreset": [
    {
      kind: "change",
      needs: "old",
      query: ({ key }) =>
        `mutation { deletePreset(input: { id: ${text(presetId(key, "old"))} }) { deletedId userErrors { message } } }`,
      found: has("deletePreset.deletedId"),
    },
  ],
  "Mutation.purge": [
    {
      kind: "change",
      query: ({ key }) => `mutation { purge(input: { imageKey: ${text(key)} }) { userErrors { field message } } }`,
      found: isEmpty("purge.userErrors"),
    },
  ],
  "Mutation.prerender": [
    {
      kind: "change",
      query: ({ key }) =>
        `mutation { prerender(input: { imageKey: ${text(key)}, formula: "b1", levels: [0] }) { job { total } userErrors { message } } }`,
      found: has("prerender.job.total"),
    },
    {
      kind: "change",
      query: ({ key, base }) =>
        `mutation { prerender(input: { imageKey: ${text(base)}, formula: ${text(other(key))}, levels: [0] }) { job { total } userErrors { message } diagnostics { message } } }`,
      found: has("prerender.job.total"),
    },
  ],
  "Mutation.cancelJob": [
    {
      kind: "change",
      query: ({ job }) =>
        `mutation { cancelJob(input: { id: ${text(job)} }) { job { total } userErrors { message } } }`,
      found: has("cancelJob.job.total"),
    },
  ],
  "Subscription.tiles": [
    {
      kind: "image",
      query: ({ key }) =>
        `subscription { tiles(input: { imageKey: ${text(key)}, formula: "b1", level: 0, x: { from: 0, to: 0 }, y: { from: 0, to: 0 } }) { url base64 } }`,
      found: has("tiles.url"),
    },
    {
      kind: "image",
      query: ({ key, base }) =>
        `subscription { tiles(input: { imageKey: ${text(base)}, formula: ${text(other(key))}, level: 0, x: { from: 0, to: 0 }, y: { from: 0, to: 0 } }) { url } }`,
      found: has("tiles.url"),
    },
  ],
  "Subscription.jobUpdated": [
    {
      kind: "image",
      query: ({ job }) => `subscription { jobUpdated(id: ${text(job)}) { state formula } }`,
      found: has("jobUpdated.state"),
    },
  ],
};
