import {
  block,
  branch,
  branchIf,
  type Callable,
  loop,
  minimum,
  newLabel,
  returnValue,
  sequence,
  when,
} from "../wasm/control.ts";
import { i32 } from "../wasm/integers.ts";
import { advance } from "../wasm/local.ts";
import { memoryCopy, memoryFill } from "../wasm/memory.ts";
import type { ModuleBuilder } from "../wasm/module.ts";

/**
 * PackBits (TIFF 6.0 section 9): a count n of 0…127 is followed by n + 1 literal bytes, 129…255 by one byte to repeat
 * 257 − n times, 128 means nothing. Output stops at `capacity`; −1 when the stream ends inside a run.
 */
export function definePackBits(module: ModuleBuilder): Callable<"i32"> {
  return module.define(["i32", "i32", "i32", "i32"], "i32", (f, from, length, to, capacity) => {
    const end = f.local("i32");
    const at = f.local("i32");
    const written = f.local("i32");
    const run = f.local("i32");
    const room = i32.sub(capacity.get, written.get);
    const target = i32.add(to.get, written.get);
    const done = newLabel();
    const next = newLabel();
    return sequence(
      at.set(from.get),
      end.set(i32.add(from.get, length.get)),
      block(
        done,
        loop(
          next,
          branchIf(done, i32.geU(at.get, end.get)),
          branchIf(done, i32.geU(written.get, capacity.get)),
          run.set(i32.load8u(at.get)),
          advance(at, 1),
          branchIf(next, i32.eq(run.get, i32.const(128))),
          when(
            i32.ltU(run.get, i32.const(128)),
            [
              advance(run, 1),
              when(i32.gtU(run.get, i32.sub(end.get, at.get)), [returnValue(i32.const(-1))]),
              memoryCopy(target, at.get, minimum(run.get, room)),
              advance(at, run.get),
            ],
            [
              when(i32.geU(at.get, end.get), [returnValue(i32.const(-1))]),
              run.set(i32.sub(i32.const(257), run.get)),
              memoryFill(target, i32.load8u(at.get), minimum(run.get, room)),
              advance(at, 1),
            ],
          ),
          written.set(i32.add(written.get, minimum(run.get, room))),
          branch(next),
        ),
      ),
      written.get,
    );
  });
}
