/** A value now, or a promise of it: local files answer at once, and a promise costs more than a read. */
export type Maybe<T> = T | Promise<T>;

export function andThen<T, U>(value: Maybe<T>, next: (value: T) => Maybe<U>): Maybe<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Two that do not wait for each other. */
export function both<A, B, U>(a: Maybe<A>, b: Maybe<B>, next: (a: A, b: B) => Maybe<U>): Maybe<U> {
  if (a instanceof Promise || b instanceof Promise) return Promise.all([a, b]).then(([x, y]) => next(x, y));
  return next(a, b);
}
