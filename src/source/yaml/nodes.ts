/** Where a node begins in the text of its document. */
interface Located {
  readonly offset: number;
  /** As written (`!!str`, `!custom`), undefined when there is none. */
  readonly tag: string | undefined;
  readonly anchor: string | undefined;
}

export interface ScalarNode extends Located {
  readonly kind: 'scalar';
  readonly text: string;
  /** Neither quoted nor a block: only such text is resolved to a number, a boolean or null. */
  readonly plain: boolean;
}

export interface SequenceNode extends Located {
  readonly kind: 'sequence';
  readonly items: YamlNode[];
}

export interface MappingNode extends Located {
  readonly kind: 'mapping';
  readonly entries: [key: YamlNode, value: YamlNode][];
}

export interface AliasNode {
  readonly kind: 'alias';
  readonly offset: number;
  readonly name: string;
}

/** YAML as it is written, before any meaning: what both parsers yield and one composer reads. */
export type YamlNode = ScalarNode | SequenceNode | MappingNode | AliasNode;

/** A document that cannot be read; `offset` is where in its text, `line` (from 1) where in the file once that is known. */
export class YamlError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = 'YamlError';
    this.offset = offset;
  }
}
