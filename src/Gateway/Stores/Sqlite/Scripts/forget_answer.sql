DELETE FROM answer WHERE id = $id;
