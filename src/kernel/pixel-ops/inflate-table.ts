import type { Code } from "../wasm/code.ts";
import {
  block,
  branchIf,
  type Callable,
  choose,
  newLabel,
  returnValue,
  sequence,
  when,
  whileLoop,
} from "../wasm/control.ts";
import { i32 } from "../wasm/integers.ts";
import { advance, type Local } from "../wasm/local.ts";
import { memoryFill } from "../wasm/memory.ts";
import type { ModuleBuilder } from "../wasm/module.ts";

/** Longest code of RFC 1951. */
export const MAX_CODE_BITS = 15;

/**
 * An entry, i32. Bits 0–7: bits of the code and of the extra bits that follow it; 8–11: bits of the code alone; 16–30: the value.
 * LITERAL: a byte; with bit 8 (PAIR_SHIFT) two of them, whose codes are looked up at once. SPECIAL: no value; with END the end of a block,
 * with LINK the index of a second table (its bits stand in 8–11), with neither a code that does not exist.
 */
export const LITERAL = 1 << 15;
export const PAIR_SHIFT = 8;
const PAIR = 1 << PAIR_SHIFT;
export const SPECIAL = 1 << 14;
export const LINK = 1 << 13;
export const END = 1 << 12;
export const VALUE_SHIFT = 16;
export const CODE_BITS_SHIFT = 8;

export const ALPHABET = { codeLengths: 0, lengths: 1, distances: 2 } as const;

/** Counts of codes by length, then the places of their symbols in the sorted list, i32 each; then the sorted symbols, u16. */
const COUNTS = 0;
const PLACES = 64;
const SORTED = 128;
/** Scratch of `defineInflateTable`, bytes. */
export const TABLE_WORK_BYTES = SORTED + 288 * 2;

const END_OF_BLOCK = 256;
const LAST_LENGTH = 285;
const DISTANCES = 30;

/**
 * Makes the decoding table of canonical Huffman codes (RFC 1951, 3.2.2) whose lengths stand as bytes at `lengths`. The first 2^bits entries
 * are looked up by the next bits of the stream; longer codes go on in second tables behind. Gives 0, or −1 for lengths that are no code:
 * over-subscribed, or incomplete unless a single code of one bit is all there is.
 */
export function defineInflateTable(module: ModuleBuilder): Callable<"i32"> {
  return module.define(
    ["i32", "i32", "i32", "i32", "i32", "i32"],
    "i32",
    (f, lengths, count, bits, table, alphabet, work) => {
      const index = f.local("i32");
      const length = f.local("i32");
      const symbol = f.local("i32");
      const left = f.local("i32");
      const longest = f.local("i32");
      const entry = f.local("i32");
      const extra = f.local("i32");
      /** The code, its bits reversed, as the stream has them. */
      const code = f.local("i32");
      const step = f.local("i32");
      const at = f.local("i32");
      const used = f.local("i32");
      /** Low bits of the codes of the second table at hand; −1: none yet. */
      const prefix = f.local("i32");
      const second = f.local("i32");
      const secondBits = f.local("i32");
      const countOf = (of: Code<"i32">) => i32.add(work.get, i32.shl(of, i32.const(2)));
      const damaged = returnValue(i32.const(-1));
      const size = i32.shl(i32.const(1), bits.get);
      const done = newLabel();

      const countLengths = [
        memoryFill(work.get, i32.const(0), i32.const(PLACES)),
        index.set(i32.const(0)),
        whileLoop(
          i32.ltU(index.get, count.get),
          at.set(countOf(i32.load8u(i32.add(lengths.get, index.get)))),
          i32.store(at.get, i32.add(i32.load(at.get), i32.const(1)), COUNTS),
          advance(index, 1),
        ),
      ];
      const checkCode = [
        left.set(i32.const(1)),
        longest.set(i32.const(0)),
        length.set(i32.const(1)),
        whileLoop(
          i32.leU(length.get, i32.const(MAX_CODE_BITS)),
          left.set(i32.sub(i32.shl(left.get, i32.const(1)), i32.load(countOf(length.get)))),
          when(i32.ltS(left.get, i32.const(0)), [damaged]),
          when(i32.load(countOf(length.get)), [longest.set(length.get)]),
          advance(length, 1),
        ),
        when(i32.and(i32.gtS(left.get, i32.const(0)), i32.gtU(longest.get, i32.const(1))), [damaged]),
        when(i32.and(i32.gtS(left.get, i32.const(0)), i32.eqz(alphabet.get)), [damaged]),
      ];
      const sortSymbols = [
        i32.store(work.get, i32.const(0), PLACES + 4),
        length.set(i32.const(1)),
        whileLoop(
          i32.ltU(length.get, i32.const(MAX_CODE_BITS)),
          at.set(countOf(length.get)),
          i32.store(at.get, i32.add(i32.load(at.get, PLACES), i32.load(at.get)), PLACES + 4),
          advance(length, 1),
        ),
        index.set(i32.const(0)),
        whileLoop(
          i32.ltU(index.get, count.get),
          length.set(i32.load8u(i32.add(lengths.get, index.get))),
          when(length.get, [
            at.set(countOf(length.get)),
            i32.store16(i32.add(work.get, i32.shl(i32.load(at.get, PLACES), i32.const(1))), index.get, SORTED),
            i32.store(at.get, i32.add(i32.load(at.get, PLACES), i32.const(1)), PLACES),
          ]),
          advance(index, 1),
        ),
      ];
      const none = [
        at.set(i32.const(0)),
        whileLoop(
          i32.ltU(at.get, size),
          i32.store(i32.add(table.get, i32.shl(at.get, i32.const(2))), i32.const(SPECIAL)),
          advance(at, 1),
        ),
      ];
      const openSecond = [
        prefix.set(i32.and(code.get, i32.sub(size, i32.const(1)))),
        second.set(used.get),
        secondBits.set(i32.sub(length.get, bits.get)),
        // As wide as the codes with this prefix need: those of each length take their share of what is left.
        left.set(i32.shl(i32.const(1), secondBits.get)),
        block(
          done,
          whileLoop(
            i32.ltU(i32.add(secondBits.get, bits.get), longest.get),
            left.set(i32.sub(left.get, i32.load(countOf(i32.add(secondBits.get, bits.get))))),
            branchIf(done, i32.ltS(left.get, i32.const(1))),
            left.set(i32.shl(left.get, i32.const(1))),
            advance(secondBits, 1),
          ),
        ),
        used.set(i32.add(used.get, i32.shl(i32.const(1), secondBits.get))),
        i32.store(
          i32.add(table.get, i32.shl(prefix.get, i32.const(2))),
          i32.or(
            i32.or(i32.shl(second.get, i32.const(VALUE_SHIFT)), i32.shl(secondBits.get, i32.const(CODE_BITS_SHIFT))),
            i32.or(bits.get, i32.const(SPECIAL | LINK)),
          ),
        ),
      ];
      /** Stores the entry at every index whose low bits are the code. */
      const repeat = (from: Code<"i32">, step_: Code<"i32">, end: Code<"i32">, base: Code<"i32">) => [
        step.set(step_),
        at.set(from),
        whileLoop(
          i32.ltU(at.get, end),
          i32.store(i32.add(table.get, i32.shl(i32.add(base, at.get), i32.const(2))), entry.get),
          at.set(i32.add(at.get, step.get)),
        ),
      ];
      /** Completes an entry by the bits of its code. */
      const consume = (taken: Code<"i32">) => [
        entry.set(i32.add(i32.or(entry.get, taken), extra.get)),
        when(i32.eqz(i32.and(entry.get, i32.const(LITERAL))), [
          entry.set(i32.or(entry.get, i32.shl(taken, i32.const(CODE_BITS_SHIFT)))),
        ]),
      ];
      const entryAt = (of: Code<"i32">) => i32.add(table.get, i32.shl(of, i32.const(2)));
      const isSingle = (of: Code<"i32">) => i32.eq(i32.and(of, i32.const(LITERAL | PAIR)), i32.const(LITERAL));
      const bitsOf = (of: Code<"i32">) => i32.and(of, i32.const(0xff));
      /** From the last entry down: what follows a literal lies at a lower index, where no pair is made yet. */
      const joinLiterals = [
        index.set(size),
        whileLoop(
          index.get,
          advance(index, -1),
          entry.set(i32.load(entryAt(index.get))),
          when(isSingle(entry.get), [
            second.set(i32.load(entryAt(i32.shrU(index.get, bitsOf(entry.get))))),
            length.set(i32.add(bitsOf(entry.get), bitsOf(second.get))),
            when(i32.and(isSingle(second.get), i32.leU(length.get, bits.get)), [
              i32.store(
                entryAt(index.get),
                i32.or(
                  i32.or(i32.const(LITERAL | PAIR), length.get),
                  i32.or(
                    i32.and(entry.get, i32.const(0xff << VALUE_SHIFT)),
                    i32.shl(i32.and(second.get, i32.const(0xff << VALUE_SHIFT)), i32.const(8)),
                  ),
                ),
              ),
            ]),
          ]),
        ),
      ];
      return sequence(
        ...countLengths,
        ...checkCode,
        i32.store(work.get, i32.const(0)),
        ...sortSymbols,
        ...none,
        code.set(i32.const(0)),
        used.set(size),
        prefix.set(i32.const(-1)),
        index.set(i32.const(0)),
        length.set(i32.const(1)),
        whileLoop(
          i32.leU(length.get, longest.get),
          // The count goes down with the codes of this length that are left.
          whileLoop(
            i32.load(countOf(length.get)),
            symbol.set(i32.load16u(i32.add(work.get, i32.shl(index.get, i32.const(1))), SORTED)),
            describeSymbol(alphabet, symbol, entry, extra),
            when(
              i32.leU(length.get, bits.get),
              [...consume(length.get), ...repeat(code.get, i32.shl(i32.const(1), length.get), size, i32.const(0))],
              [
                when(i32.ne(i32.and(code.get, i32.sub(size, i32.const(1))), prefix.get), openSecond),
                ...consume(i32.sub(length.get, bits.get)),
                ...repeat(
                  i32.shrU(code.get, bits.get),
                  i32.shl(i32.const(1), i32.sub(length.get, bits.get)),
                  i32.shl(i32.const(1), secondBits.get),
                  second.get,
                ),
              ],
            ),
            // The next code, counted in reversed bits.
            step.set(i32.shl(i32.const(1), i32.sub(length.get, i32.const(1)))),
            whileLoop(i32.and(code.get, step.get), step.set(i32.shrU(step.get, i32.const(1)))),
            code.set(
              choose(
                i32.eqz(step.get),
                i32.const(0),
                i32.or(i32.and(code.get, i32.sub(step.get, i32.const(1))), step.get),
              ),
            ),
            advance(index, 1),
            at.set(countOf(length.get)),
            i32.store(at.get, i32.sub(i32.load(at.get), i32.const(1))),
          ),
          advance(length, 1),
        ),
        when(i32.eq(alphabet.get, i32.const(ALPHABET.lengths)), joinLiterals),
        i32.const(0),
      );
    },
  );
}

/** What a symbol means: an entry without the bits of its code, and its number of extra bits (RFC 1951, 3.2.5). */
function describeSymbol(alphabet: Local<"i32">, symbol: Local<"i32">, entry: Local<"i32">, extra: Local<"i32">) {
  const value = (of: Code<"i32">) => i32.shl(of, i32.const(VALUE_SHIFT));
  const plain = [extra.set(i32.const(0)), entry.set(value(symbol.get))];
  const none = [extra.set(i32.const(0)), entry.set(i32.const(SPECIAL))];
  const length = [
    symbol.set(i32.sub(symbol.get, i32.const(257))),
    when(
      i32.ltU(symbol.get, i32.const(8)),
      [extra.set(i32.const(0)), entry.set(value(i32.add(symbol.get, i32.const(3))))],
      [
        extra.set(i32.sub(i32.shrU(symbol.get, i32.const(2)), i32.const(1))),
        entry.set(
          value(i32.add(i32.shl(i32.add(i32.and(symbol.get, i32.const(3)), i32.const(4)), extra.get), i32.const(3))),
        ),
      ],
    ),
  ];
  const distance = when(
    i32.ltU(symbol.get, i32.const(4)),
    [extra.set(i32.const(0)), entry.set(value(i32.add(symbol.get, i32.const(1))))],
    [
      extra.set(i32.sub(i32.shrU(symbol.get, i32.const(1)), i32.const(1))),
      entry.set(
        value(i32.add(i32.shl(i32.add(i32.and(symbol.get, i32.const(1)), i32.const(2)), extra.get), i32.const(1))),
      ),
    ],
  );
  const literalOrLength = when(
    i32.ltU(symbol.get, i32.const(END_OF_BLOCK)),
    [extra.set(i32.const(0)), entry.set(i32.or(value(symbol.get), i32.const(LITERAL)))],
    [
      when(
        i32.eq(symbol.get, i32.const(END_OF_BLOCK)),
        [extra.set(i32.const(0)), entry.set(i32.const(SPECIAL | END))],
        [
          when(i32.gtU(symbol.get, i32.const(LAST_LENGTH)), none, [
            when(
              i32.eq(symbol.get, i32.const(LAST_LENGTH)),
              [extra.set(i32.const(0)), entry.set(value(i32.const(258)))],
              length,
            ),
          ]),
        ],
      ),
    ],
  );
  return when(i32.eqz(alphabet.get), plain, [
    when(
      i32.eq(alphabet.get, i32.const(ALPHABET.lengths)),
      [literalOrLength],
      [when(i32.ltU(symbol.get, i32.const(DISTANCES)), [distance], none)],
    ),
  ]);
}
