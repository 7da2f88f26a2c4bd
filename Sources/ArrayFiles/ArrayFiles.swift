// ArrayFiles
