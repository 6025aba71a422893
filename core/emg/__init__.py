"""Surface EMG: names of electrodes, file formats, processing and quality."""
