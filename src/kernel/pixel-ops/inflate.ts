import type { Code } from "../wasm/code.ts";
import {
  block,
  branch,
  branchIf,
  type Callable,
  call,
  loop,
  newLabel,
  returnValue,
  type Statement,
  sequence,
  statements,
  when,
  whileLoop,
} from "../wasm/control.ts";
import { i32, i64 } from "../wasm/integers.ts";
import { advance, type Local } from "../wasm/local.ts";
import { memoryCopy, memoryFill } from "../wasm/memory.ts";
import type { ModuleBuilder } from "../wasm/module.ts";
import { i8x16, v128 } from "../wasm/simd.ts";
import {
  ALPHABET,
  CODE_BITS_SHIFT,
  END,
  LINK,
  LITERAL,
  PAIR_SHIFT,
  SPECIAL,
  TABLE_WORK_BYTES,
  VALUE_SHIFT,
} from "./inflate-table.ts";
import { VECTOR } from "./sample.ts";

/** Bits of the stream that look a code up at once; longer ones take a second look. */
const LENGTH_BITS = 10;
const DISTANCE_BITS = 8;
const PRECODE_BITS = 7;
/** Entries that tables of so many symbols and bits can need at most (zlib's `enough`): found by exhaustive search. */
const LENGTH_ENTRIES = 1334;
const DISTANCE_ENTRIES = 402;

const LENGTH_SYMBOLS = 286;
const DISTANCE_SYMBOLS = 30;
const PRECODE_SYMBOLS = 19;
/** In which order a block gives the lengths of the precode (RFC 1951, 3.2.7); a nibble would not hold 16 to 18. */
const PRECODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** Scratch: code lengths (with room for a run that passes the end), precode's lengths, table work, and the tables. */
const CODE_LENGTHS = 0;
const PRECODE_LENGTHS = 512;
const WORK = 544;
const PRECODE_TABLE = WORK + TABLE_WORK_BYTES;
const LENGTH_TABLE = PRECODE_TABLE + (4 << PRECODE_BITS);
const DISTANCE_TABLE = LENGTH_TABLE + 4 * LENGTH_ENTRIES;
export const INFLATE_WORK_BYTES = DISTANCE_TABLE + 4 * DISTANCE_ENTRIES;

/** What `inflate` gives where it cannot give a length. */
export const INFLATE_DAMAGED = -1;
export const INFLATE_TOO_LONG = -2;

const EIGHT_BYTES = 8;

/**
 * RFC 1951 from [from, from + length) to `to`, at most `capacity` bytes. A 64-bit buffer holds the next bits of the stream; it is filled once
 * for up to three looks, each of which gives one or two literals, or for a match. Gives the bytes written, INFLATE_DAMAGED or INFLATE_TOO_LONG; the address behind the last byte
 * that was read stands at `work` then.
 *
 * Bounds: what a round may write beyond `capacity` before it looks (six literals, the rest of a vector) lies in the slack; a match is
 * checked before it is copied, against the start of the output too. A stream that ends too soon runs out of bits: their count is negative.
 */
export function defineInflate(module: ModuleBuilder, makeTable: Callable<"i32">): Callable<"i32"> {
  return module.define(["i32", "i32", "i32", "i32", "i32"], "i32", (f, from, length, to, capacity, work) => {
    const end = f.local("i32");
    const outputEnd = f.local("i32");
    const out = f.local("i32");
    const bits = f.local("i64");
    const bitCount = f.local("i32");
    const last = f.local("i32");
    const kind = f.local("i32");
    const entry = f.local("i32");
    const size = f.local("i32");
    const distance = f.local("i32");
    const source = f.local("i32");
    const matchEnd = f.local("i32");
    const lengths = f.local("i32");
    const distances = f.local("i32");
    const index = f.local("i32");
    const total = f.local("i32");

    const at = (offset: number) => i32.add(work.get, i32.const(offset));
    const damaged = returnValue(i32.const(INFLATE_DAMAGED));
    const tooLong = returnValue(i32.const(INFLATE_TOO_LONG));
    const low = i32.wrapI64(bits.get);
    const mask = (count: Code<"i32">) => i32.sub(i32.shl(i32.const(1), count), i32.const(1));
    const take = (count: Code<"i32">): Statement =>
      statements([bits.set(i64.shrU(bits.get, i64.extendI32U(count))), bitCount.set(i32.sub(bitCount.get, count))]);
    const takeInto = (target: Local<"i32">, count: number, plus = 0): Statement =>
      statements([
        target.set(i32.add(i32.and(low, i32.const((1 << count) - 1)), i32.const(plus))),
        take(i32.const(count)),
      ]);

    /** At least 56 bits, or all that are left. Bits above the count are those of the stream that follow: to add them again is harmless. */
    const refill = when(
      i32.geU(i32.sub(end.get, from.get), i32.const(EIGHT_BYTES)),
      [
        bits.set(i64.or(bits.get, i64.shl(i64.load(from.get), i64.extendI32U(bitCount.get)))),
        advance(from, i32.shrU(i32.sub(i32.const(63), bitCount.get), i32.const(3))),
        bitCount.set(i32.or(bitCount.get, i32.const(56))),
      ],
      [
        whileLoop(
          i32.and(i32.ltS(bitCount.get, i32.const(56)), i32.ltU(from.get, end.get)),
          bits.set(i64.or(bits.get, i64.shl(i64.extendI32U(i32.load8u(from.get)), i64.extendI32U(bitCount.get)))),
          advance(from, 1),
          advance(bitCount, 8),
        ),
      ],
    );
    const assertBits = when(i32.ltS(bitCount.get, i32.const(0)), [damaged]);

    const lookUp = (table: Code<"i32">, width: number) =>
      entry.set(i32.load(i32.add(table, i32.shl(i32.and(low, i32.const((1 << width) - 1)), i32.const(2)))));
    const codeAndExtraBits = i32.and(entry.get, i32.const(0xff));
    const codeBits = i32.and(i32.shrU(entry.get, i32.const(CODE_BITS_SHIFT)), i32.const(15));
    const value = i32.and(i32.shrU(entry.get, i32.const(VALUE_SHIFT)), i32.const(0x7fff));
    const followLink = (table: Code<"i32">): Statement =>
      statements([
        take(codeAndExtraBits),
        entry.set(i32.load(i32.add(table, i32.shl(i32.add(value, i32.and(low, mask(codeBits))), i32.const(2))))),
      ]);
    /** The value of the entry with its extra bits, which are taken. */
    const takeValue = (target: Local<"i32">): Statement =>
      statements([
        target.set(i32.add(value, i32.shrU(i32.and(low, mask(codeAndExtraBits)), codeBits))),
        take(codeAndExtraBits),
      ]);

    const isLiteral = i32.and(entry.get, i32.const(LITERAL));
    /** One or two of them. */
    const literals: readonly Statement[] = [
      take(codeAndExtraBits),
      i32.store16(out.get, i32.shrU(entry.get, i32.const(VALUE_SHIFT))),
      advance(out, i32.add(i32.and(i32.shrU(entry.get, i32.const(PAIR_SHIFT)), i32.const(1)), i32.const(1))),
    ];

    const nextBlock = newLabel();
    const blockDone = newLabel();
    const symbols = newLabel();

    const copyMatch = [
      source.set(i32.sub(out.get, distance.get)),
      matchEnd.set(i32.add(out.get, size.get)),
      when(
        i32.geU(distance.get, i32.const(VECTOR)),
        [
          whileLoop(
            i32.ltU(out.get, matchEnd.get),
            v128.store(out.get, v128.load(source.get)),
            advance(out, VECTOR),
            advance(source, VECTOR),
          ),
        ],
        [
          when(
            i32.eq(distance.get, i32.const(1)),
            [
              whileLoop(
                i32.ltU(out.get, matchEnd.get),
                v128.store(out.get, i8x16.splat(i32.load8u(source.get))),
                advance(out, VECTOR),
              ),
            ],
            [
              // A short period is doubled until eight bytes can be copied at once: what was written meanwhile repeats it.
              whileLoop(
                i32.and(i32.ltU(distance.get, i32.const(EIGHT_BYTES)), i32.ltU(out.get, matchEnd.get)),
                i64.store(out.get, i64.load(source.get)),
                advance(out, distance.get),
                distance.set(i32.shl(distance.get, i32.const(1))),
              ),
              whileLoop(
                i32.ltU(out.get, matchEnd.get),
                i64.store(out.get, i64.load(source.get)),
                advance(out, EIGHT_BYTES),
                advance(source, EIGHT_BYTES),
              ),
            ],
          ),
        ],
      ),
      out.set(matchEnd.get),
    ];

    const decodeSymbols = loop(
      symbols,
      refill,
      assertBits,
      when(i32.gtU(out.get, outputEnd.get), [tooLong]),
      lookUp(lengths.get, LENGTH_BITS),
      when(isLiteral, [
        ...literals,
        lookUp(lengths.get, LENGTH_BITS),
        when(isLiteral, [
          ...literals,
          lookUp(lengths.get, LENGTH_BITS),
          when(isLiteral, [...literals, branch(symbols)]),
        ]),
      ]),
      when(i32.and(entry.get, i32.const(SPECIAL)), [
        when(i32.and(entry.get, i32.const(LINK)), [
          followLink(lengths.get),
          when(isLiteral, [...literals, branch(symbols)]),
        ]),
        when(i32.and(entry.get, i32.const(SPECIAL)), [
          when(i32.eqz(i32.and(entry.get, i32.const(END))), [damaged]),
          take(codeAndExtraBits),
          branch(blockDone),
        ]),
      ]),
      takeValue(size),
      refill,
      lookUp(distances.get, DISTANCE_BITS),
      when(i32.and(entry.get, i32.const(LINK)), [followLink(distances.get)]),
      when(i32.and(entry.get, i32.const(SPECIAL)), [damaged]),
      takeValue(distance),
      assertBits,
      when(i32.gtU(distance.get, i32.sub(out.get, to.get)), [damaged]),
      when(i32.gtS(size.get, i32.sub(outputEnd.get, out.get)), [tooLong]),
      ...copyMatch,
      branch(symbols),
    );

    const stored = [
      // Back to the byte border: whole bytes that were read ahead are given back.
      take(i32.and(bitCount.get, i32.const(7))),
      assertBits,
      from.set(i32.sub(from.get, i32.shrU(bitCount.get, i32.const(3)))),
      bits.set(i64.const(0n)),
      bitCount.set(i32.const(0)),
      when(i32.ltU(i32.sub(end.get, from.get), i32.const(4)), [damaged]),
      size.set(i32.load16u(from.get)),
      when(i32.ne(i32.add(size.get, i32.load16u(from.get, 2)), i32.const(0xffff)), [damaged]),
      advance(from, 4),
      when(i32.gtU(size.get, i32.sub(end.get, from.get)), [damaged]),
      when(i32.gtS(size.get, i32.sub(outputEnd.get, out.get)), [tooLong]),
      memoryCopy(out.get, from.get, size.get),
      advance(out, size.get),
      advance(from, size.get),
    ];

    const fillLengths = (start: number, count: number, bitsOfCode: number) =>
      memoryFill(at(CODE_LENGTHS + start), i32.const(bitsOfCode), i32.const(count));
    const table = (lengthsAt: Code<"i32">, count: Code<"i32">, width: number, tableAt: number, alphabet: number) =>
      when(call(makeTable, lengthsAt, count, i32.const(width), at(tableAt), i32.const(alphabet), at(WORK)), [damaged]);
    const fixed = [
      fillLengths(0, 144, 8),
      fillLengths(144, 112, 9),
      fillLengths(256, 24, 7),
      fillLengths(280, 8, 8),
      fillLengths(288, 32, 5),
      table(at(CODE_LENGTHS), i32.const(288), LENGTH_BITS, LENGTH_TABLE, ALPHABET.lengths),
      table(at(CODE_LENGTHS + 288), i32.const(32), DISTANCE_BITS, DISTANCE_TABLE, ALPHABET.distances),
    ];

    /** `kind` holds the number of length symbols, `total` that of all. */
    const readLengths = newLabel();
    const lengthsDone = newLabel();
    const repeatLength = (of: Code<"i32">, extraBits: number, least: number) => [
      source.set(of),
      takeInto(size, extraBits, least),
      when(i32.gtU(i32.add(index.get, size.get), total.get), [damaged]),
      memoryFill(i32.add(at(CODE_LENGTHS), index.get), source.get, size.get),
      advance(index, size.get),
      branch(readLengths),
    ];
    const dynamic = [
      takeInto(kind, 5, 257),
      takeInto(total, 5, 1),
      when(i32.gtU(kind.get, i32.const(LENGTH_SYMBOLS)), [damaged]),
      when(i32.gtU(total.get, i32.const(DISTANCE_SYMBOLS)), [damaged]),
      total.set(i32.add(total.get, kind.get)),
      takeInto(index, 4, 4),
      memoryFill(at(PRECODE_LENGTHS), i32.const(0), i32.const(PRECODE_SYMBOLS)),
      ...PRECODE_ORDER.flatMap((symbol, order) => [
        ...(order % 12 === 0 ? [refill] : []),
        when(i32.gtU(index.get, i32.const(order)), [
          i32.store8(at(PRECODE_LENGTHS + symbol), i32.and(low, i32.const(7))),
          take(i32.const(3)),
        ]),
      ]),
      table(at(PRECODE_LENGTHS), i32.const(PRECODE_SYMBOLS), PRECODE_BITS, PRECODE_TABLE, ALPHABET.codeLengths),
      index.set(i32.const(0)),
      block(
        lengthsDone,
        loop(
          readLengths,
          branchIf(lengthsDone, i32.eq(index.get, total.get)),
          refill,
          assertBits,
          lookUp(at(PRECODE_TABLE), PRECODE_BITS),
          when(i32.and(entry.get, i32.const(SPECIAL)), [damaged]),
          take(codeAndExtraBits),
          when(i32.ltU(value, i32.const(16)), [
            i32.store8(i32.add(at(CODE_LENGTHS), index.get), value),
            advance(index, 1),
            branch(readLengths),
          ]),
          when(i32.eq(value, i32.const(16)), [
            when(i32.eqz(index.get), [damaged]),
            ...repeatLength(i32.load8u(i32.sub(i32.add(at(CODE_LENGTHS), index.get), i32.const(1))), 2, 3),
          ]),
          when(i32.eq(value, i32.const(17)), repeatLength(i32.const(0), 3, 3)),
          ...repeatLength(i32.const(0), 7, 11),
        ),
      ),
      assertBits,
      // A block that cannot end is none.
      when(i32.eqz(i32.load8u(at(CODE_LENGTHS + 256))), [damaged]),
      table(
        i32.add(at(CODE_LENGTHS), kind.get),
        i32.sub(total.get, kind.get),
        DISTANCE_BITS,
        DISTANCE_TABLE,
        ALPHABET.distances,
      ),
      table(at(CODE_LENGTHS), kind.get, LENGTH_BITS, LENGTH_TABLE, ALPHABET.lengths),
    ];

    return sequence(
      end.set(i32.add(from.get, length.get)),
      out.set(to.get),
      outputEnd.set(i32.add(to.get, capacity.get)),
      lengths.set(at(LENGTH_TABLE)),
      distances.set(at(DISTANCE_TABLE)),
      loop(
        nextBlock,
        block(
          blockDone,
          refill,
          takeInto(last, 1),
          takeInto(kind, 2),
          assertBits,
          when(i32.eqz(kind.get), [...stored, branch(blockDone)]),
          when(i32.eq(kind.get, i32.const(3)), [damaged]),
          when(i32.eq(kind.get, i32.const(1)), fixed, dynamic),
          decodeSymbols,
        ),
        branchIf(nextBlock, i32.eqz(last.get)),
      ),
      assertBits,
      when(i32.gtU(out.get, outputEnd.get), [tooLong]),
      // Whole bytes that were read ahead are not part of the stream.
      i32.store(work.get, i32.sub(from.get, i32.shrU(bitCount.get, i32.const(3)))),
      i32.sub(out.get, to.get),
    );
  });
}
