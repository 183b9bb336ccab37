-- What the desk wrote in a conversation about a notification: a notification of its own, of the kind `reply`. text: as it was written; its mail can be encrypted so that only
-- its reader opens it. actor: the name the writer acts under.
CREATE TABLE reply (notification INTEGER PRIMARY KEY, actor TEXT NOT NULL, text TEXT NOT NULL);
