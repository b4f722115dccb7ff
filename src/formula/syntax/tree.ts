/** A formula as it was written. Offsets are half-open UTF-16 code units of the source. */
export type SyntaxNode =
  | NumberNode
  | TextNode
  | NameNode
  | OrdinalNode
  | CallNode
  | UnaryNode
  | BinaryNode
  | ConditionalNode
  | PlaneNode
  | MemberNode
  | ImageNode
  | StopNode;

interface Range {
  readonly from: number;
  readonly to: number;
}

interface NumberNode extends Range {
  readonly kind: "number";
  readonly value: number;
}

interface TextNode extends Range {
  readonly kind: "text";
  readonly text: string;
}

/** `quoted`: in backticks, so it can only be a channel. */
export interface NameNode extends Range {
  readonly kind: "name";
  readonly name: string;
  readonly quoted: boolean;
}

/** `@7`: always channel 7, from 1. */
export interface OrdinalNode extends Range {
  readonly kind: "ordinal";
  readonly ordinal: number;
}

export interface CallNode extends Range {
  readonly kind: "call";
  readonly name: NameNode;
  readonly args: readonly SyntaxNode[];
}

interface UnaryNode extends Range {
  readonly kind: "unary";
  readonly operator: string;
  readonly argument: SyntaxNode;
}

export const COMPARISONS: readonly string[] = ["==", "!=", "<", "<=", ">", ">="];

/** `bracketed`: stands in parentheses of its own. */
export interface BinaryNode extends Range {
  readonly kind: "binary";
  readonly operator: string;
  /** The operator as the text has it: `&` where `&&` is meant. */
  readonly written: string;
  readonly operatorFrom: number;
  readonly left: SyntaxNode;
  readonly right: SyntaxNode;
  readonly bracketed: boolean;
}

interface ConditionalNode extends Range {
  readonly kind: "conditional";
  readonly condition: SyntaxNode;
  readonly whenTrue: SyntaxNode;
  readonly whenFalse: SyntaxNode;
}

/** `dapi[z=3, t=0]` */
export interface PlaneNode extends Range {
  readonly kind: "plane";
  readonly target: SyntaxNode;
  readonly axes: readonly (Range & { readonly axis: string; readonly index: number })[];
}

/** `before.red`, `image("plates/p1").@3` */
export interface MemberNode extends Range {
  readonly kind: "member";
  readonly object: NameNode | ImageNode;
  readonly member: NameNode | OrdinalNode;
}

/** `image("plates/p1", dx=12, nearest)` */
export interface ImageNode extends Range {
  readonly kind: "image";
  readonly key: string;
  /** Where the key stands. */
  readonly keyAt: Range;
  readonly options: readonly ImageOption[];
}

/** `dx=12`, or a word that stands alone (`value` null). */
export interface ImageOption extends Range {
  readonly name: string;
  readonly value: number | null;
}

/** `0.5: "teal"`, an argument of the scales of colours. */
export interface StopNode extends Range {
  readonly kind: "stop";
  readonly at: SyntaxNode;
  readonly colour: SyntaxNode;
}

export interface Binding extends Range {
  readonly name: NameNode;
  readonly value: SyntaxNode;
}

export interface SyntaxTree {
  readonly bindings: readonly Binding[];
  readonly outputs: readonly SyntaxNode[];
}
