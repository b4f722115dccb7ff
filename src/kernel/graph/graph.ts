import { BandloomError } from "../../core/errors.ts";
import type { KernelTable } from "../kernel.ts";
import type { Operation } from "./operations.ts";

/** Index of a node; operands always come before their users. */
export type NodeId = number;

export interface GraphNode {
  readonly op: Operation;
  readonly operands: readonly NodeId[];
  /** A constant's value; the number of a parameter, input or table; 0 for all others. */
  readonly value: number;
}

/**
 * Bounds the time that one formula can take to compile: about 0.1 s at this size. The costliest functions are some 150
 * nodes, so that formulas near the language's own limit of 1,000 nodes fit unless they are made of powers alone.
 */
const MAX_GRAPH_NODES = 50_000;

/**
 * The arithmetic of a kernel as a graph without duplicates (value numbering): equal operations on equal operands are
 * one node, so shared subexpressions are computed once however the formula was written.
 */
export class Graph {
  readonly nodes: GraphNode[] = [];
  readonly tables: KernelTable[] = [];
  readonly #known = new Map<string, NodeId>();

  add(op: Operation, operands: readonly NodeId[] = [], value = 0): NodeId {
    const key = `${op} ${operands.join(" ")}=${Object.is(value, -0) ? "-0" : value}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const id = this.nodes.length;
    if (id >= MAX_GRAPH_NODES) {
      throw new BandloomError(
        "LIMIT_EXCEEDED",
        `The formula needs more than ${MAX_GRAPH_NODES} arithmetic operations a pixel. Use fewer powers, logarithms or trigonometric functions.`,
      );
    }
    this.nodes.push({ op, operands, value });
    this.#known.set(key, id);
    return id;
  }

  node(id: NodeId): GraphNode {
    const node = this.nodes[id];
    if (!node) throw new Error(`no node ${id}`);
    return node;
  }

  table(table: KernelTable): number {
    const index = this.tables.findIndex(({ id }) => id === table.id);
    return index >= 0 ? index : this.tables.push(table) - 1;
  }

  /** Whether each node contributes to one of `roots`. */
  reachable(roots: readonly NodeId[]): readonly boolean[] {
    const reached = new Array<boolean>(this.nodes.length).fill(false);
    for (const root of roots) reached[root] = true;
    for (let id = this.nodes.length - 1; id >= 0; id--) {
      if (reached[id]) for (const operand of this.node(id).operands) reached[operand] = true;
    }
    return reached;
  }

  /** One line a node: with what the nodes refer to, all that decides the code of the kernel. */
  listing(reached: readonly boolean[]): string {
    return this.nodes
      .map(({ op, operands, value }, id) =>
        reached[id] ? `${id} ${op} ${operands.join(" ")}=${Object.is(value, -0) ? "-0" : value}\n` : "",
      )
      .join("");
  }
}
