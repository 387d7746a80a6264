log_folder nova nova
