create or replace trigger queue_search_update
after update of title, content, deleted_at on workspace.documents
for each row
execute function workspace.queue_document_search();

comment on trigger queue_search_update on workspace.documents is 'What an external search engine knows of a page follows its row.';
