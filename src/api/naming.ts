import { PgSimplifyInflectionPlugin } from '@graphile/simplify-inflection';
import 'postgraphile';
import { pagesItself } from './exposure.ts';

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
        const attribute = codec.attributes[attributeName];
        const tagged = attribute?.extensions?.tags?.['name'];
        if (typeof tagged === 'string') return this.coerceToGraphQLName(tagged);
        // deleted_by names a person: the person is deletedBy, the column deletedById.
        const isPerson = attributeName.endsWith('_by') && attribute?.codec.name === 'uuid';
        return this.coerceToGraphQLName(isPerson ? `${attributeName}_id` : attributeName);
      },

      // A tag is the name of the type as it stands: UserSettings stays plural.
      _singularizedCodecName(_previous, _preset, codec) {
        const tagged = codec.extensions?.tags?.['name'];
        return typeof tagged === 'string' ? tagged : this.singularize(this._codecName(codec));
      },

      // A key of several columns is named by the last that names something: (forum_id, category_id) leads to the
      // category, (class_id, role) to the class.
      _getBaseNameFromKeys(_previous, _preset, keys) {
        const names = keys.map((key) => this._getBaseName(this._attributeName({ ...key, skipRowId: true })));
        return names.findLast((name) => name !== null) ?? null;
      },
      _baseNameMatches(_previous, _preset, baseName, otherName) {
        const other = this.singularize(otherName);
        const base = this.camelCase(baseName);
        return (
          this.camelCase(other) === base || this.camelCase(other).endsWith(this.upperCamelCase(baseName))
        );
      },
      _getOppositeBaseName(previous, _preset, baseName) {
        return { owner: 'owned', actor: 'acted' }[baseName] ?? previous?.(baseName) ?? null;
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

      // A list that pages by itself is the only form of its function, so it needs no suffix.
      customQueryListField(_previous, _preset, details) {
        const name = this.customQueryField(details);
        return pagesItself(details.resource) ? name : this.listField(name);
      },
      computedAttributeListField(_previous, _preset, details) {
        const name = this.computedAttributeField(details);
        return pagesItself(details.resource) ? name : this.listField(name);
      },

      // Arguments are called p_… in SQL to keep them apart from columns; a client never sees that.
      argument(_previous, _preset, { param, index }) {
        const name = (param.name ?? `arg${index}`).replace(/^p_/, '');
        return this.coerceToGraphQLName(this.camelCase(name));
      },

      // A procedure that returns a row names it: createPost { post { … } }.
      functionMutationResultFieldName(_previous, _preset, details) {
        const tagged = details.resource.extensions?.tags?.['resultFieldName'];
        if (typeof tagged === 'string') return tagged;
        const { codec } = details.resource;
        if (codec.attributes && !codec.isAnonymous) {
          const single = this.camelCase(this._singularizedCodecName(codec));
          return details.resource.isUnique ? single : this.pluralize(single);
        }
        return 'result';
      },
    },
  },
};

/** The package expects an inflector of the look-ups by node id, which are switched off. */
export const SimplifyPlugin: GraphileConfig.Plugin = {
  ...PgSimplifyInflectionPlugin,
  inflection: {
    ...PgSimplifyInflectionPlugin.inflection,
    ignoreReplaceIfNotExists: ['deletedNodeId', 'nodeById'],
  },
};
