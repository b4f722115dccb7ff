import ipaddr from "ipaddr.js";
import { BandloomError } from "../../core/errors.ts";
import { isPublicAddress } from "./addresses.ts";

/** Where a request may go, once its address was found on the list. */
export interface Permission {
  /** The host may have a private address: the operator has said so. */
  readonly private: boolean;
}

interface Rule {
  readonly matches: (address: RemoteAddress) => boolean;
  readonly private: boolean;
}

/** An address in its parts, as the request will use them. */
export type RemoteAddress =
  | { readonly kind: "http"; readonly url: URL }
  | { readonly kind: "s3"; readonly bucket: string; readonly key: string };

const PRIVATE = "private+";
const HOST = /^(\*\.)?[\p{L}\p{N}]([\p{L}\p{N}.-]*[\p{L}\p{N}])?(:\d{1,5})?$/u;

/**
 * Addresses that may be read. An entry is an http or https URL (the host with its port, and what begins with its path), a host or `*.host` (any
 * path, https only), or `s3://bucket/prefix`. A host with a private address is allowed by its address in the entry, by `localhost`, or by `private+`
 * before the entry: a name alone is not enough, for whoever owns the name decides where it leads.
 */
export class AllowList {
  readonly #rules: readonly Rule[];

  /** BAD_REQUEST for an entry that means nothing. */
  constructor(entries: readonly string[]) {
    this.#rules = entries.map(ruleOf);
  }

  /** FORBIDDEN for an address that no entry covers, and for a host whose own address is private without leave. */
  check(address: RemoteAddress): Permission {
    const rules = this.#rules.filter(({ matches }) => matches(address));
    if (rules.length === 0) throw forbidden();
    const permission = { private: rules.some((rule) => rule.private) };
    if (address.kind === "http") assertHost(address.url, permission);
    return permission;
  }
}

/** FORBIDDEN for a host that is written as an address and private, in whatever notation: the URL has been normalised. */
function assertHost({ hostname }: URL, permission: Permission): void {
  const literal = hostname.replace(/^\[|\]$/g, "");
  if (ipaddr.isValid(literal)) assertAddress(literal, permission);
}

/** FORBIDDEN for a private address without leave. */
export function assertAddress(address: string, permission: Permission): void {
  if (!permission.private && !isPublicAddress(address)) throw forbidden();
}

/** FORBIDDEN for what is no http, https or s3 address, and for one with credentials: they would travel to whoever reads the catalogue. */
export function parseAddress(text: string): RemoteAddress {
  const s3 = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.*)$/isu.exec(text);
  if (s3) {
    const [, bucket = "", key = ""] = s3;
    if (!key.split("/").some(isDots)) return { kind: "s3", bucket: bucket.toLowerCase(), key };
  } else if (URL.canParse(text)) {
    const url = new URL(text);
    if (url.username + url.password !== "")
      throw new BandloomError(
        "FORBIDDEN",
        "The address of this image holds a user name or a password. Write it without.",
      );
    if (/^https?:$/.test(url.protocol)) {
      url.hash = "";
      return { kind: "http", url };
    }
  }
  throw forbidden();
}

function forbidden(): BandloomError {
  return new BandloomError("FORBIDDEN", "The address of this image is not among the allowed sources.");
}

function ruleOf(entry: string): Rule {
  const isPrivate = entry.startsWith(PRIVATE);
  const text = isPrivate ? entry.slice(PRIVATE.length) : entry;
  if (HOST.test(text) && !/^\d+$/.test(text)) return hostRule(text, isPrivate);
  try {
    const address = parseAddress(/^s3:\/\/[^/]+$/i.test(text) ? `${text}/` : text);
    return address.kind === "s3" ? s3Rule(address) : urlRule(address.url, isPrivate);
  } catch (error) {
    throw new BandloomError(
      "BAD_REQUEST",
      `${JSON.stringify(entry.slice(0, 200))} is no allowed source. Write https://host/prefix, *.host, or s3://bucket/prefix.`,
      { cause: error },
    );
  }
}

function hostRule(text: string, isPrivate: boolean): Rule {
  const wild = text.startsWith("*.");
  const { host, hostname } = new URL(`https://${wild ? text.slice(2) : text}`);
  return {
    private: isPrivate || isLocalName(hostname),
    matches: (address) => {
      if (address.kind !== "http" || address.url.protocol !== "https:") return false;
      return address.url.host === host || (wild && address.url.host.endsWith(`.${host}`));
    },
  };
}

function urlRule(rule: URL, isPrivate: boolean): Rule {
  return {
    private: isPrivate || isLocalName(rule.hostname),
    matches: (address) =>
      address.kind === "http" && address.url.origin === rule.origin && isUnder(pathOf(address.url), pathOf(rule)),
  };
}

function s3Rule({ bucket, key }: RemoteAddress & { readonly kind: "s3" }): Rule {
  return {
    private: false,
    matches: (address) => address.kind === "s3" && address.bucket === bucket && isUnder(address.key, key),
  };
}

/** The operator wrote the address itself, so no name server can lead it elsewhere. */
function isLocalName(hostname: string): boolean {
  return hostname === "localhost" || ipaddr.isValid(hostname.replace(/^\[|\]$/g, ""));
}

/**
 * What servers may take for a way to another folder, or for an end: dots, slashes and zeros that are encoded once or more often, and dots with
 * parameters behind them. Plain dots are gone already.
 */
const DISGUISED = /%(25)*(2e|2f|5c|00)|\/\.{1,2};/i;

/** The path; a disguised one lies below nothing. */
function pathOf({ pathname }: URL): string {
  return DISGUISED.test(pathname) ? "\0" : pathname;
}

/** Equal, or below at the border of a segment. */
function isUnder(path: string, prefix: string): boolean {
  if (prefix === "" || prefix === "/") return true;
  const folder = prefix.endsWith("/") ? prefix : `${prefix}/`;
  return path === prefix || path.startsWith(folder);
}

function isDots(segment: string): boolean {
  return segment === "." || segment === "..";
}
