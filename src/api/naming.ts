import 'postgraphile';

/**
 * The names of the API come from one place: the smart tag `@name` in a table's comment (`@name post` → type
 * `Post`, fields `post`, `posts`), and the SQL name of a function (`vote_post` → `votePost`). No schema is
 * ever part of a name that a client sees. Inside the build, whatever has no tag keeps its schema as a prefix,
 * so that tables which are not exposed can never clash with each other.
 */
export const NamingPlugin: GraphileConfig.Plugin = {
  name: 'StoaNamingPlugin',
  version: '1.0.0',
  description: 'Type names from @name tags, functions under their SQL name, `id` stays `id`.',
  inflection: {
    ignoreReplaceIfNotExists: ['nodeIdFieldName'],
    replace: {
      // Every schema is prefixed, the first of the list too: which one stands first must not matter.
      _schemaPrefix(_previous, _preset, { pgNamespace }) {
        return `${pgNamespace.nspname}_`;
      },

      // A client that knows the row by `id` expects `id`; the opaque key of the Node interface gives way.
      nodeIdFieldName() {
        return 'nodeId';
      },
      _attributeName(_previous, _preset, { attributeName, codec }) {
        const tagged = codec.attributes[attributeName]?.extensions?.tags?.['name'];
        return this.coerceToGraphQLName(typeof tagged === 'string' ? tagged : attributeName);
      },

      _functionName(_previous, _preset, { resource }) {
        const tagged = resource.extensions?.tags?.['name'];
        if (typeof tagged === 'string') return tagged;
        return resource.extensions?.pg?.name ?? resource.name;
      },
      functionRecordReturnCodecName(_previous, _preset, { pgProc }) {
        const { tags } = pgProc.getTagsAndDescription();
        const name = typeof tags['name'] === 'string' ? tags['name'] : pgProc.proname;
        return this.upperCamelCase(`${name}-result`);
      },

      // Arguments are called p_… in SQL to keep them apart from columns; a client never sees that.
      argument(_previous, _preset, { param, index }) {
        const name = (param.name ?? `arg${index}`).replace(/^p_/, '');
        return this.coerceToGraphQLName(this.camelCase(name));
      },

      // A procedure that returns a row names it: createPost { post { … } }.
      functionMutationResultFieldName(previous, preset, details) {
        const tagged = details.resource.extensions?.tags?.['resultFieldName'];
        if (typeof tagged === 'string') return tagged;
        const { codec } = details.resource;
        if (codec.attributes && !codec.isAnonymous) {
          const single = this.camelCase(this._singularizedCodecName(codec));
          return details.resource.isUnique ? single : this.pluralize(single);
        }
        return previous(details);
      },
    },
  },
};
