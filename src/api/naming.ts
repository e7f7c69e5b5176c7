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

      _functionName(_previous, _preset, { resource }) {
        const tagged = resource.extensions?.tags?.['name'];
        if (typeof tagged === 'string') return tagged;
        return resource.extensions?.pg?.name ?? resource.name;
      },
      // unread_channels() gives UnreadChannel rows; of a table's own function the table is named: MessageReactionCount.
      functionRecordReturnCodecName(_previous, _preset, { pgProc }) {
        const { tags } = pgProc.getTagsAndDescription();
        if (typeof tags['returns'] === 'string') return this.upperCamelCase(tags['returns']);
        // announce() of the inside must not take the name of the type Announce.
        if (tags['internal'] !== undefined) {
          return this.upperCamelCase(`${pgProc.getNamespace()?.nspname}_${pgProc.proname}_record`);
        }
        const name = typeof tags['name'] === 'string' ? tags['name'] : pgProc.proname;
        const ofRow = pgProc.getArguments()[0]?.type.getClass();
        const table = ofRow?.getTagsAndDescription().tags['name'];
        const rest =
          ofRow && name.startsWith(`${ofRow.relname}_`) ? name.slice(ofRow.relname.length + 1) : name;
        return this.upperCamelCase(this.singularize(typeof table === 'string' ? `${table}_${rest}` : rest));
      },
      recordFunctionConnectionType(_previous, _preset, { resource }) {
        return this.connectionType(this.tableType(resource.codec));
      },
      recordFunctionEdgeType(_previous, _preset, { resource }) {
        return this.edgeType(this.tableType(resource.codec));
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

      // A procedure that returns a row names it: createPost { post { … } }; a value is called what it says.
      functionMutationResultFieldName(_previous, _preset, details) {
        const { resource } = details;
        const tagged = resource.extensions?.tags?.['resultFieldName'];
        if (typeof tagged === 'string') return tagged;
        const { codec } = resource;
        if (codec.attributes) {
          const single = this.camelCase(this._singularizedCodecName(codec));
          return resource.isUnique ? single : this.pluralize(single);
        }
        const noun = this._functionName(details).replace(/^[a-z0-9]+_/, '');
        switch (codec.name) {
          case 'bool':
            return 'changed';
          case 'int2':
          case 'int4':
          case 'int8':
            return 'count';
          case 'uuid':
            return this.camelCase(`${noun}_id`);
          default:
            return this.camelCase(noun);
        }
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
