import type { Code } from "../wasm/code.ts";
import {
  block,
  branch,
  branchIf,
  type Callable,
  loop,
  newLabel,
  returnValue,
  sequence,
  when,
  whileLoop,
} from "../wasm/control.ts";
import { i32, i64 } from "../wasm/integers.ts";
import { advance } from "../wasm/local.ts";
import { memoryCopy } from "../wasm/memory.ts";
import type { ModuleBuilder } from "../wasm/module.ts";
import { v128 } from "../wasm/simd.ts";
import { VECTOR } from "./sample.ts";

const CLEAR = 256;
const END_OF_INFORMATION = 257;
const FIRST_FREE = 258;
const MAX_CODES = 4096;
const FIRST_WIDTH = 9;
const LAST_WIDTH = 12;

/** An entry of the table: i32 address of its string, u16 length, u8 the literal itself (codes below 256), u8 unused. */
const ENTRY_BYTES = 8;
const LENGTH_OFFSET = 4;
const LITERAL_OFFSET = 6;
const SINGLE_BYTE_ENTRY = 1n << 32n;

/** Scratch that the decoder needs. */
export const LZW_WORK_BYTES = MAX_CODES * ENTRY_BYTES;

/**
 * LZW of TIFF 6.0 section 13. Every string of the table already stands in the output, for it is the string of one code and
 * the byte that followed; so an entry is only an address and a length, and decoding is copying from earlier output
 * (literals are copied from the table itself). The entry that a code completes is made before that code is read: its
 * last byte is the one that will be written next. So a code may name the entry that it completes, as LZW demands; then the
 * string ends with its own first byte.
 *
 * Bounds: a code is used only below `next`; output is checked against `capacity` before each copy, input before each
 * byte. A full table keeps 12-bit codes without growing. A stream without end-of-information ends with its bytes.
 */
export function defineLzw(module: ModuleBuilder): Callable<"i32"> {
  return module.define(["i32", "i32", "i32", "i32", "i32"], "i32", (f, from, length, to, capacity, work) => {
    const inputEnd = f.local("i32");
    const outputEnd = f.local("i32");
    const out = f.local("i32");
    const width = f.local("i32");
    const next = f.local("i32");
    const previous = f.local("i32");
    const previousLength = f.local("i32");
    const bits = f.local("i64");
    const bitCount = f.local("i32");
    const code = f.local("i32");
    const entry = f.local("i32");
    const source = f.local("i32");
    const size = f.local("i32");
    const copied = f.local("i32");
    const done = newLabel();
    const again = newLabel();
    const filled = newLabel();
    const moreBytes = newLabel();

    const entryOf = (index: Code<"i32">) => i32.add(work.get, i32.shl(index, i32.const(3)));
    const damaged = returnValue(i32.const(-1));

    const literals = whileLoop(
      i32.ltU(code.get, i32.const(CLEAR)),
      entry.set(entryOf(code.get)),
      i64.store(
        entry.get,
        i64.or(
          i64.or(i64.extendI32U(i32.add(entry.get, i32.const(LITERAL_OFFSET))), i64.const(SINGLE_BYTE_ENTRY)),
          i64.shl(i64.extendI32U(code.get), i64.const(48n)),
        ),
      ),
      advance(code, 1),
    );
    const clear = [
      width.set(i32.const(FIRST_WIDTH)),
      next.set(i32.const(FIRST_FREE)),
      previousLength.set(i32.const(0)),
    ];
    const completePreviousEntry = when(
      i32.and(i32.ne(previousLength.get, i32.const(0)), i32.ltU(next.get, i32.const(MAX_CODES))),
      [
        entry.set(entryOf(next.get)),
        i32.store(entry.get, previous.get),
        i32.store16(entry.get, i32.add(previousLength.get, i32.const(1)), LENGTH_OFFSET),
        advance(next, 1),
        // Early change: the width grows one code before the table needs it.
        when(i32.gtU(i32.shrU(next.get, width.get), i32.geU(width.get, i32.const(LAST_WIDTH))), [advance(width, 1)]),
      ],
    );
    const refill = block(
      filled,
      loop(
        moreBytes,
        branchIf(filled, i32.geU(bitCount.get, width.get)),
        when(i32.geU(i32.sub(inputEnd.get, from.get), i32.const(4)), [
          bits.set(i64.or(i64.shl(bits.get, i64.const(32n)), i64.extendI32U(bigEndian(i32.load(from.get))))),
          advance(bitCount, 32),
          advance(from, 4),
          branch(filled),
        ]),
        branchIf(done, i32.eq(from.get, inputEnd.get)),
        bits.set(i64.or(i64.shl(bits.get, i64.const(8n)), i64.extendI32U(i32.load8u(from.get)))),
        advance(bitCount, 8),
        advance(from, 1),
        branch(moreBytes),
      ),
    );
    const readCode = [
      advance(bitCount, i32.sub(i32.const(0), width.get)),
      code.set(
        i32.and(
          i32.wrapI64(i64.shrU(bits.get, i64.extendI32U(bitCount.get))),
          i32.sub(i32.shl(i32.const(1), width.get), i32.const(1)),
        ),
      ),
    ];
    const room = i32.sub(outputEnd.get, out.get);
    const copyString = when(
      i32.leU(i32.add(size.get, i32.const(VECTOR)), room),
      [
        v128.store(out.get, v128.load(source.get)),
        when(i32.gtU(size.get, i32.const(VECTOR)), [
          copied.set(i32.const(VECTOR)),
          whileLoop(
            i32.ltU(copied.get, size.get),
            v128.store(i32.add(out.get, copied.get), v128.load(i32.add(source.get, copied.get))),
            advance(copied, VECTOR),
          ),
        ]),
      ],
      [
        when(i32.gtU(size.get, room), [memoryCopy(out.get, source.get, room), returnValue(capacity.get)]),
        memoryCopy(out.get, source.get, size.get),
      ],
    );
    return sequence(
      inputEnd.set(i32.add(from.get, length.get)),
      out.set(to.get),
      outputEnd.set(i32.add(to.get, capacity.get)),
      literals,
      ...clear,
      block(
        done,
        loop(
          again,
          branchIf(done, i32.eq(out.get, outputEnd.get)),
          completePreviousEntry,
          refill,
          ...readCode,
          when(i32.eq(i32.and(code.get, i32.const(~1)), i32.const(CLEAR)), [
            branchIf(done, i32.eq(code.get, i32.const(END_OF_INFORMATION))),
            ...clear,
            branch(again),
          ]),
          when(i32.geU(code.get, next.get), [damaged]),
          entry.set(entryOf(code.get)),
          source.set(i32.load(entry.get)),
          size.set(i32.load16u(entry.get, LENGTH_OFFSET)),
          copyString,
          when(i32.eq(i32.add(source.get, size.get), i32.add(out.get, i32.const(1))), [
            i32.store8(i32.add(out.get, i32.sub(size.get, i32.const(1))), i32.load8u(source.get)),
          ]),
          previous.set(out.get),
          previousLength.set(size.get),
          advance(out, size.get),
          branch(again),
        ),
      ),
      i32.sub(out.get, to.get),
    );
  });
}

/** The bytes of an i32 reversed by two rotations. */
function bigEndian(value: Code<"i32">): Code<"i32"> {
  return i32.or(
    i32.and(i32.rotl(value, i32.const(8)), i32.const(0x00ff00ff)),
    i32.and(i32.rotl(value, i32.const(24)), i32.const(0xff00ff00 | 0)),
  );
}
