log_folder cinder cinder
