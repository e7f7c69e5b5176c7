create or replace trigger queue_search_insert
after insert on workspace.documents
for each row
execute function workspace.queue_document_search();

comment on trigger queue_search_insert on workspace.documents is 'A new page becomes findable in an external search engine.';
