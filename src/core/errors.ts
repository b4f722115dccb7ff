/** Every failure a user can meet: its stable code and the HTTP status that carries it. */
export const ERROR_STATUS = {
  BAD_REQUEST: 400,
  FORMULA_INVALID: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  NOT_ACCEPTABLE: 406,
  LINK_EXPIRED: 410,
  TOO_LARGE: 413,
  URI_TOO_LONG: 414,
  UNSUPPORTED_MEDIA_TYPE: 415,
  RANGE_NOT_SATISFIABLE: 416,
  SOURCE_UNREADABLE: 422,
  LIMIT_EXCEEDED: 422,
  QUOTA_EXCEEDED: 429,
  HEADERS_TOO_LARGE: 431,
  INTERNAL: 500,
  SOURCE_FAILED: 502,
  OVERLOADED: 503,
  SOURCE_TIMEOUT: 504,
  DEADLINE_EXCEEDED: 504,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** Data that may travel to the client with an error: diagnostics, limits. Never a path or an upstream address. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** The form in which an error crosses a thread. */
export interface ErrorMessage {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: ErrorDetails;
}

/**
 * An expected failure. `message` tells a person the cause and what to do; it is sent to clients as it is,
 * so it never holds a path, an address or a stack. Bugs are not BandloomErrors: they are plain exceptions,
 * logged, and answered with INTERNAL.
 */
export class BandloomError extends Error {
  override readonly name = "BandloomError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails | undefined;

  constructor(code: ErrorCode, message: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
  }

  get status(): number {
    return ERROR_STATUS[this.code];
  }

  toMessage(): ErrorMessage {
    return { code: this.code, message: this.message, ...(this.details ? { details: this.details } : {}) };
  }

  static fromMessage(message: ErrorMessage): BandloomError {
    return new BandloomError(message.code, message.message, message.details ? { details: message.details } : {});
  }
}
