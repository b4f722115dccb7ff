/** What a link that holds says of itself. */
export interface Link {
  /** When it ends to hold, seconds since 1970; null: never. */
  readonly expiry: number | null;
  /** With whose others it can be withdrawn, 16 hex digits; null: with none. */
  readonly grant: string | null;
}

/** On what terms links are given to one asker. */
export interface LinkTerms {
  readonly grant: string | null;
  /** They end no later, seconds since 1970: whoever asks by a link gets none that outlives it. */
  readonly until: number | null;
}

/** Addresses that are given and taken: signed, where the server was given keys. */
export interface Links {
  /** Addresses are signed here. */
  readonly required: boolean;
  /** When a link that is given now ends to hold, seconds since 1970; null: never. */
  expiry(): number | null;
  /** The end of an address with its signature behind it. `path`: of a tile up to the image's key, else up to the extension. */
  signed(path: string, query: string): string;
  /** Whether a request target carries a signature, good or not. */
  isSigned(target: string): boolean;
  /** A request target as it was received. FORBIDDEN for a signature that is missing or wrong, LINK_EXPIRED. */
  check(target: string): Link;
  /** Links of this grant hold no more, whatever their end. */
  isWithdrawn(grant: string): boolean;
  /** The same, for links that are given on these terms. */
  on(terms: LinkTerms): Links;
}
